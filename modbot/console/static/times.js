// Shows each <time> in the viewer's zone: recent ones as "3 minutes ago", the exact time in
// the title. Pages without JavaScript show UTC and say so.
const MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY;
const STEPS = [[MINUTE, 1, "second"], [HOUR, MINUTE, "minute"], [DAY, HOUR, "hour"], [WEEK, DAY, "day"]];

const language = document.documentElement.lang;
// Digits alone would leave open which is the day and which the month.
const month = language.startsWith("zh") ? "2-digit" : "short";
const exact = new Intl.DateTimeFormat(language, {
  year: "numeric", month, day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
});
const short = new Intl.DateTimeFormat(language, {
  year: "numeric", month, day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
});
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** The words for a moment, as seen at `now` (milliseconds). */
export function told(moment, now) {
  const seconds = (moment - now) / 1000;
  const step = STEPS.find(([below]) => Math.abs(seconds) < below);
  return step ? relative.format(Math.trunc(seconds / step[1]), step[2]) : short.format(moment);
}

function show(element, now) {
  const moment = Date.parse(element.dateTime);
  if (Number.isNaN(moment)) return;
  const words = told(moment, now);
  if (element.textContent !== words) element.textContent = words;
  if (!element.title) element.title = exact.format(moment);
}

/** Show all times within `root`; for what is put into the page later, too. */
export function refresh(root) {
  const now = Date.now();
  root.querySelectorAll("time[datetime]").forEach((element) => show(element, now));
}

export function begin(root) {
  refresh(root);
  setInterval(() => { if (!document.hidden) refresh(root); }, 30000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(root); });
  new MutationObserver((changes) => {
    changes.forEach((change) => change.addedNodes.forEach((node) => {
      if (node.nodeType !== Node.ELEMENT_NODE) return;
      if (node.matches("time[datetime]")) show(node, Date.now());
      refresh(node);
    }));
  }).observe(document.body, { childList: true, subtree: true });
}
