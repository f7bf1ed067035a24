// What every page wants: times in the viewer's zone, menus that close, a word when offline.
// The version of the static files travels on to what is loaded from here.
const version = new URL(import.meta.url).search;

import(`./times.js${version}`).then((times) => times.begin(document));

function closeOthers(target) {
  document.querySelectorAll("details.drop[open]").forEach((open) => {
    if (!open.contains(target)) open.open = false;
  });
}

document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("focusin", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.drop[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

const offline = document.getElementById("offline"); // only there for who is signed in
if (offline) {
  const tell = () => { offline.hidden = navigator.onLine; };
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tell();
}
