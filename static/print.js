// Fits the body's frame to its content, then opens the print window.
(function () {
  "use strict";
  var frame = document.querySelector("iframe[data-fit]");
  function go() { window.print(); }
  function fit() {
    var inner = frame.contentDocument;
    if (inner && inner.body) { frame.style.height = Math.min(inner.body.scrollHeight + 4, 60000) + "px"; }
    setTimeout(go, 50);
  }
  if (!frame) { window.addEventListener("load", go); return; }
  if (document.readyState === "complete") { fit(); } else { window.addEventListener("load", fit); }
})();
