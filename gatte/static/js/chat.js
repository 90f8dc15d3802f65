"use strict";
// Writing messages: Enter sends, the field empties, lists open as a sheet, menus close.
(() => {
  const field = (form) => form.querySelector("textarea");
  const composer = (element) => (element instanceof HTMLFormElement && element.matches("[data-composer]") ? element : null);

  document.addEventListener("keydown", (event) => {
    const form = event.target instanceof HTMLTextAreaElement ? composer(event.target.form) : null;
    if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (event.target.value.trim()) form.requestSubmit();
  });

  // Emptied as soon as it is on its way; what could not be sent comes back, before what one wrote meanwhile.
  document.addEventListener("htmx:beforeSend", (event) => {
    const form = composer(event.detail.elt);
    if (!form) return;
    form.dataset.sending = field(form).value;
    field(form).value = "";
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = composer(event.detail.elt);
    if (!form || form.dataset.sending === undefined) return;
    const place = document.getElementById(field(form)?.id ?? "reply-text");
    const sent = form.dataset.sending;
    delete form.dataset.sending;
    if (!place) return;
    if (event.detail.successful) {
      place.dispatchEvent(new Event("gatte:sent", { bubbles: true }));
      return;
    }
    place.value = place.value.trim() ? `${sent}\n${place.value}` : sent;
    place.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const sheet = () => document.getElementById("sheet");
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet]");
    if (opener) openSheet(document.getElementById(opener.dataset.sheet));
    if (event.target === sheet()) sheet().close();
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false;
    }
  });
  function openSheet(rows) {
    const list = sheet().querySelector(".sheet-rows");
    sheet().querySelector("#sheet-title").textContent = rows.dataset.title;
    list.replaceChildren(rows.content.cloneNode(true));
    htmx.process(list);
    sheet().showModal();
  }
  document.addEventListener("htmx:beforeSend", (event) => {
    if (sheet()?.contains(event.detail.elt)) sheet().close();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.matchMedia("(min-width: 800px)").matches) return;
    for (const details of document.querySelectorAll("details[data-open-when-wide]")) details.open = true;
  });
})();
