// The pages around the sheet: a letter on its way, and the tab where somebody signed in
// again.
(function () {
  "use strict";

  const { byId, wait, channel } = window.pliCompose;
  if (byId("signed-in-again") && channel) { channel.postMessage("signed-in"); }

  const sending = byId("sending");
  if (sending && sending.dataset.state === "sending") {
    (async function poll() {
      for (let every = 1000; ; every = Math.min(every * 1.3, 8000)) {
        await wait(every);
        try {
          const res = await fetch(sending.dataset.progress, { redirect: "manual" });
          if (res.status === 401 || res.type === "opaqueredirect") { location.reload(); return; }
          if (!res.ok) { continue; }
          const answer = await res.json();
          if (answer.to) { location.replace(answer.to); return; }
        } catch (e) { /* the line is down: the letter goes on without this page */ }
      }
    })();
  }
})();
