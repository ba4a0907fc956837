// The cleaner between any HTML and the writing page.
(function () {
  "use strict";

  const { doc, all } = window.pliCompose;

  // Everything that becomes HTML in this page goes through the cleaner; the policy
  // exists for it alone. The server cleans again whatever is saved.
  const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pli-compose", { createHTML: (s) => s, createScriptURL: () => { throw new TypeError("no script"); } }) : null;
  const rules = { RETURN_DOM_FRAGMENT: true, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, SANITIZE_NAMED_PROPS: true,
    FORBID_TAGS: ["style", "svg", "math", "form", "input", "button", "textarea", "select", "option", "img", "picture", "video", "audio", "source", "iframe", "object", "embed", "dialog", "template", "slot"],
    FORBID_ATTR: ["id", "class", "name", "contenteditable", "tabindex", "autofocus", "popover", "popovertarget", "background", "srcset", "src"] };
  if (policy) { rules.TRUSTED_TYPES_POLICY = policy; }
  // Of styles, those a letter needs; nothing that fetches, floats over or hides.
  const styles = /^(color|background-color|font(-family|-size|-style|-weight)?|line-height|text-(align|decoration|indent|transform)|vertical-align|white-space|list-style-type|width|max-width|(margin|padding)(-(top|right|bottom|left))?|border(-(top|right|bottom|left))?(-(color|style|width))?|border-(collapse|spacing|radius))$/;
  if (window.DOMPurify && window.DOMPurify.isSupported) {
    window.DOMPurify.addHook("uponSanitizeAttribute", (el, attribute) => {
      if (attribute.attrName !== "style") { return; }
      attribute.attrValue = attribute.attrValue.split(";").filter((one) => {
        const at = one.indexOf(":"), value = one.slice(at + 1);
        return at > 0 && styles.test(one.slice(0, at).trim().toLowerCase()) && /^[\w\s#%.,()'"-]*$/.test(value) && !/url|image|expression|attr|var|env/i.test(value);
      }).join(";");
    });
  }
  const clean = (html) => doc.importNode(window.DOMPurify.sanitize(html, rules), true);
  // The editor's own history keeps its place by two hidden marks.
  const markRules = Object.assign({}, rules, { SANITIZE_NAMED_PROPS: false, FORBID_TAGS: rules.FORBID_TAGS.filter((t) => t !== "input"), FORBID_ATTR: rules.FORBID_ATTR.filter((a) => a !== "id") });
  function cleanState(html) {
    const out = doc.importNode(window.DOMPurify.sanitize(html, markRules), true);
    all("[id], input", out).forEach((el) => {
      if (el.nodeName !== "INPUT") { el.removeAttribute("id"); } else if (!/^squire-selection-(start|end)$/.test(el.id)) { el.remove(); }
    });
    return out;
  }

  Object.assign(window.pliCompose, { clean, cleanState });
})();
