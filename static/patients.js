// The patients' page: the caret where a number is awaited.
(function () {
  "use strict";

  const find = document.querySelector(".find-patient");
  const field = find && find.querySelector("input");
  if (!field) { return; }
  function caret() {
    if (!find.open) { return; }
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  find.addEventListener("toggle", caret);
  caret();
})();
