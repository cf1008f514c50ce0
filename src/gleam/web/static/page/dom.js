/* Making and replacing parts of the page. Text is always set as text, so nothing that a photo, a file
 * name or a model says can become markup. */

/** Return an element. `props`: attributes; `on...` handlers; `class`, `dataset`, `style` (custom properties). */
export function el(tag, props = {}, ...children) {
  const node = tag === "svg" || tag === "use" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "style") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else if (name === "value" || name === "checked" || name === "indeterminate") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Return an icon of icons.svg. It says nothing to a screen reader: the words beside it do. */
export function icon(name) {
  return el("svg", { "aria-hidden": "true", viewBox: "0 0 24 24" }, el("use", { href: `/static/page/icons.svg#${name}` }));
}

export const byId = (id) => document.getElementById(id);

/** Replace what is inside `node`, and keep the keyboard focus and the scroll where they were. */
export function fill(node, ...children) {
  const focused = node.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = node.scrollTop;
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  node.scrollTop = scrolled;
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

/** Save a blob as a file. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  const link = el("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}
