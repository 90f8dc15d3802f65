"use strict";
// Live regions: a poll tells the server which versions are shown, and gets back only what changed. See gatte/web/htmx.py.
(() => {
  const EXPIRED = "Sua sessão expirou ou a página ficou velha. Atualize a página e repita a ação.";
  const REFUSED = { 403: "Sua conta não tem permissão para isso.", 404: "O que você procura não existe mais.", 413: "O conteúdo é grande demais.", 429: "Muitas ações em pouco tempo. Espere um minuto." };
  const seen = new Set();
  const scrolls = new Map();
  const isPoll = (element) => element instanceof Element && element.matches("[data-poll]");

  document.addEventListener("htmx:configRequest", (event) => {
    const regions = [...document.querySelectorAll("[data-version]")];
    event.detail.headers["X-Live"] = regions.map((region) => `${region.id}=${region.dataset.version}`).join(";");
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPoll(event.detail.elt) && document.hidden) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    const poll = document.querySelector("[data-poll]");
    if (poll && !document.hidden) htmx.trigger(poll, "wake");
  });

  function offline(away) {
    const banner = document.getElementById("offline");
    if (banner) banner.hidden = !away;
  }
  function tell(text, kind) {
    const notices = document.getElementById("notices");
    const notice = document.createElement("p");
    notice.className = `notice ${kind}`;
    notice.role = "status";
    notice.textContent = text;
    notices?.replaceChildren(notice);
    notices?.removeAttribute("data-version"); // not what the server sent
  }
  document.addEventListener("htmx:sendError", () => offline(true));
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (status > 0 && status < 500) offline(false);
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 409 || status === 422) return; // its own words are in the answer
    if (isPoll(event.detail.elt)) offline(status >= 500);
    else tell(REFUSED[status] ?? (status < 500 ? EXPIRED : "Algo deu errado. Tente de novo."), "danger");
  });

  // What is new in a chat is read aloud once, and only that.
  function noteNews(speak) {
    const texts = [];
    for (const element of document.querySelectorAll("[data-announce]")) {
      if (seen.has(element.id)) continue;
      seen.add(element.id);
      if (element.dataset.announce) texts.push(element.dataset.announce);
      if (speak) element.classList.add("is-new");
    }
    const announcer = document.getElementById("announcer");
    if (speak && announcer && texts.length) announcer.textContent = texts.join(". ");
  }

  // A chat stays at its end while one reads there, and where it is when one has scrolled up.
  function toEnd(thread) {
    thread.scrollTop = thread.scrollHeight;
  }
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const thread = event.detail.target;
    if (!thread.classList.contains("thread")) return;
    const distance = thread.scrollHeight - thread.clientHeight - thread.scrollTop;
    scrolls.set(thread.id, distance < 80 ? null : thread.scrollTop);
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const [id, top] of scrolls) {
      const thread = document.getElementById(id);
      if (thread && top === null) toEnd(thread);
      else if (thread) thread.scrollTop = top;
    }
    scrolls.clear();
    noteNews(true);
  });

  // What holds typed text, a choice or the cursor is never replaced: what is new about it is told beside it. The server sends the
  // region again with every poll, since its version stays the old one, until it can be replaced.
  const firstChoice = (one) => Math.max(0, [...one.options].findIndex((option) => option.defaultSelected));
  const isChanged = (one) => (one.matches("select") ? one.selectedIndex !== firstChoice(one) : one.value !== one.defaultValue);
  const isTouched = (one) => one === document.activeElement || isChanged(one);
  function holdsWork(region) {
    if (region.querySelector("[data-sending]")) return true;
    return [...region.querySelectorAll("textarea, select, input:not([type=hidden])")].some(isTouched);
  }
  function tellBeside(region, fresh) {
    region.querySelectorAll("[data-note]").forEach((note) => note.remove());
    region.prepend(...[...fresh.querySelectorAll("[data-note]")].map((note) => note.cloneNode(true)));
    const closed = fresh.querySelector("[data-composer] button:not(:disabled)") === null;
    region.querySelectorAll("[data-composer] button").forEach((button) => Object.assign(button, { disabled: closed }));
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.requestConfig.elt;
    if (form instanceof HTMLFormElement && !form.matches("[data-composer]")) form.reset(); // answered: its choices are no work any more
  });
  const opened = new Set();
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (holdsWork(target)) {
      event.detail.shouldSwap = false;
      tellBeside(target, fragment);
    }
    for (const details of target.querySelectorAll("details[id][open]")) opened.add(details.id);
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    opened.clear();
  });

  // When a conversation changes hands, what was said of it before is not true any more.
  let standing = null;
  document.addEventListener("htmx:afterRequest", (event) => {
    const now = document.querySelector("[data-standing]");
    if (!now) return;
    const ours = event.detail.requestConfig.verb === "post";
    if (!ours && standing !== null && standing !== now.dataset.standing) tell(now.textContent, "info");
    standing = now.dataset.standing;
  });

  // A button with data-confirm asks in our own dialog first.
  document.addEventListener("htmx:confirm", (event) => {
    const button = event.detail.elt;
    const dialog = document.getElementById("confirm");
    if (!(button instanceof HTMLElement) || !button.dataset.confirm || !dialog) return;
    event.preventDefault();
    dialog.querySelector("[data-title]").textContent = button.dataset.confirm;
    dialog.querySelector("[data-text]").textContent = button.dataset.confirmText ?? "";
    dialog.querySelector("[data-yes]").textContent = button.dataset.confirmYes ?? "Confirmar";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && event.detail.issueRequest(true), { once: true });
    dialog.showModal();
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".thread").forEach(toEnd);
    noteNews(false);
    standing = document.querySelector("[data-standing]")?.dataset.standing ?? null;
  });
})();
