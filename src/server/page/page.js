// Keeps the page up to date: when the daemon says that something changed, the page is fetched anew and its parts are put in place.
"use strict";
(() => {
  document.documentElement.dataset.script = "on";
  const note = document.getElementById("live");
  let source = null;
  let busy = false;
  let again = false;

  const say = (text, isLive) => {
    note.textContent = text;
    note.dataset.live = isLive ? "yes" : "no";
  };

  // Replaces what differs, part by part, so that what is open, selected or focused elsewhere stays as it is.
  const place = (fresh) => {
    const before = document.getElementById("main");
    const after = fresh.getElementById("main");
    const names = (root) => Array.from(root.children, (part) => part.id).join("\n");
    if (names(before) !== names(after)) {
      before.replaceChildren(...after.children);
      return;
    }
    for (const part of after.querySelectorAll(":scope > [id]")) {
      const old = document.getElementById(part.id);
      const open = Array.from(old.querySelectorAll("details[open][id]"), (details) => details.id);
      for (const details of part.querySelectorAll("details[id]")) {
        details.open = open.includes(details.id);
      }
      if (old.outerHTML === part.outerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      // The part itself stays, so that a screen reader that listens to it hears of its new content.
      old.className = part.className;
      old.replaceChildren(...part.childNodes);
      if (focused) document.getElementById(focused)?.focus();
    }
  };

  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-part": "main" } });
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html");
      if (fresh.getElementById("main")) {
        place(fresh);
        document.title = fresh.title;
        const stamp = fresh.getElementById("stamp");
        if (stamp) document.getElementById("stamp").replaceWith(stamp);
        say("live", true);
      }
    } catch {
      say("The daemon does not answer; trying again", false);
    } finally {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const listen = () => {
    if (source || document.hidden) return;
    source = new EventSource("/updates");
    source.addEventListener("changed", refresh);
    source.addEventListener("error", () => say("The daemon does not answer; trying again", false));
    source.addEventListener("open", () => say("live", true));
  };

  const rest = () => {
    if (source) source.close();
    source = null;
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  addEventListener("pagehide", rest);
  addEventListener("pageshow", listen);
  listen();
})();
