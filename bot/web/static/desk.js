// Keys of the review page. Everything they do can be done with the mouse, and without this file.
"use strict";

const drafts = () => [...document.querySelectorAll("[data-draft]")];
const current = () => document.activeElement.closest("[data-draft]") ?? document.querySelector("[data-draft].current");

function go(step) {
  const all = drafts();
  const at = all.indexOf(current());
  const next = at < 0 ? (step > 0 ? all[0] : all.at(-1)) : all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (next) show(next);
}

function show(draft) {
  drafts().forEach((each) => each.classList.toggle("current", each === draft));
  for (let around = draft.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  draft.focus({ preventScroll: true });
  draft.scrollIntoView({ block: "nearest" });
}

function open(key) {
  const details = current()?.querySelector(`[data-opens="${key}"]`);
  if (!details) return;
  details.open = true;
  details.querySelector("textarea, input:not([type=hidden])").focus();
}

const keys = {
  j: () => go(1),
  k: () => go(-1),
  s: () => current()?.querySelector('[data-key="s"]')?.click(),
  u: () => current()?.querySelector('[data-key="u"]')?.click(),
  e: () => open("e"),
  d: () => open("d"),
  o: () => { const evidence = current()?.querySelector("[data-evidence]"); if (evidence) evidence.open = !evidence.open; },
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
  const field = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && field) {
    const draft = field.closest("[data-draft]");
    const details = field.closest("details");
    if (details) details.open = false;
    if (draft) show(draft);
  } else if (!field && !document.querySelector("dialog[open]") && Object.hasOwn(keys, event.key)) {
    event.preventDefault();
    keys[event.key]();
  }
});

// A decided draft is replaced by its new state; the focus goes on from there.
document.addEventListener("htmx:afterSwap", (event) => {
  const draft = document.getElementById(event.detail.target.id);
  if (draft?.matches("[data-draft]")) show(draft);
});
document.addEventListener("htmx:sendError", () => {
  document.getElementById("said").textContent = "The service cannot be reached; nothing was decided.";
});
