"use strict";
// What one types stays in this tab until it was sent: it outlives a lost session, a reload and a refusal.
// A field with data-draft="reply-<id>" is kept under that name and the user's; its form's `rascunho` is the id that the server
// gives what is written, so the page shows an element with the id data-sent-as + rascunho once it was.
(() => {
  const PREFIX = "gatte-draft:";
  const placeOf = (field) => `${PREFIX}${document.body.dataset.user}:${field.dataset.draft}`;
  const idOf = (field) => field.form?.elements.namedItem("rascunho");
  const draftsIn = (root) => root.querySelectorAll?.("textarea[data-draft]") ?? [];

  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // pages over plain HTTP have no randomUUID
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function keep(field) {
    const id = idOf(field);
    if (id && field.dataset.tried !== undefined && field.dataset.tried !== field.value) {
      id.value = newId(); // other words are another message
      delete field.dataset.tried;
    }
    if (field.value.trim()) sessionStorage.setItem(placeOf(field), JSON.stringify({ text: field.value, id: id?.value }));
    else sessionStorage.removeItem(placeOf(field));
  }

  function restore(field) {
    const kept = JSON.parse(sessionStorage.getItem(placeOf(field)) ?? "null");
    if (!kept) return;
    if (kept.id && document.getElementById(`${field.dataset.sentAs}${kept.id}`)) {
      sessionStorage.removeItem(placeOf(field));
      return;
    }
    if (field.value) return;
    field.value = kept.text;
    field.dataset.tried = kept.text;
    if (kept.id && idOf(field)) idOf(field).value = kept.id;
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-draft]")) keep(event.target);
  });
  // On the way down: when the event comes back up, htmx has sent the form and its field is empty.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches('[action$="/logout"]')) forgetAll();
    if (form.matches("[data-once]")) sendOnce(event, form);
    for (const field of draftsIn(form)) field.dataset.tried = field.value;
  }, { capture: true });
  function forgetAll() {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  }
  // A form that leaves the page is sent once, however often one presses its button.
  function sendOnce(event, form) {
    if (form.dataset.leaving) event.preventDefault();
    form.dataset.leaving = "yes";
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-leaving]")) delete form.dataset.leaving;
  });

  // A composer tells when what it held was sent: the next words are another message.
  document.addEventListener("gatte:sent", (event) => {
    if (!event.target.dataset.draft) return;
    const id = idOf(event.target);
    if (id) id.value = newId();
    delete event.target.dataset.tried;
    keep(event.target);
  });
  document.addEventListener("htmx:load", (event) => draftsIn(event.detail.elt).forEach(restore));
  document.addEventListener("DOMContentLoaded", () => draftsIn(document).forEach(restore));
})();
