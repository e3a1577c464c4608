(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  // Everything that stands on the page as text is put there as text: no cell is ever read as markup.
  const make = (tag, text, more = {}) => {
    const made = document.createElement(tag);
    if (text !== undefined && text !== null) made.textContent = text;
    for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
    return made;
  };
  // Packed parts are deflated (RFC 1951); they are inflated here, at once and in every browser.
  const inflate = text => {
    const data = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    let at = 0, held = 0, have = 0, out = new Uint8Array(data.length * 6), end = 0;
    const bits = count => {
      while (have < count) { held |= data[at++] << have; have += 8; }
      const value = held & ((1 << count) - 1);
      held >>>= count; have -= count;
      return value;
    };
    const room = more => {
      if (end + more <= out.length) return;
      const wider = new Uint8Array(2 * (out.length + more));
      wider.set(out);
      out = wider;
    };
    const codes = lengths => {
      const count = new Uint16Array(16), next = new Uint16Array(16), symbols = new Uint16Array(lengths.length);
      for (const length of lengths) count[length] += 1;
      count[0] = 0;
      for (let i = 1; i < 16; i += 1) next[i] = next[i - 1] + count[i - 1];
      lengths.forEach((length, symbol) => { if (length) symbols[next[length]++] = symbol; });
      return { count, symbols };
    };
    const symbol = ({ count, symbols }) => {
      for (let code = 0, first = 0, index = 0, length = 1; ; length += 1) {
        code |= bits(1);
        if (code - count[length] < first) return symbols[index + code - first];
        index += count[length];
        first = (first + count[length]) << 1;
        code <<= 1;
      }
    };
    const steps = (start, every) => {
      const found = [];
      for (let i = 0, value = start, extra; i < 30; i += 1) {
        extra = i < 2 * every ? 0 : Math.floor(i / every) - 1;
        found.push([value, extra]);
        value += 1 << extra;
      }
      return found;
    };
    const LENGTHS = steps(3, 4), WAYS = steps(1, 2), ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    LENGTHS[28] = [258, 0];
    const tables = () => {
      const literals = bits(5) + 257, ways = bits(5) + 1, count = bits(4) + 4, small = new Array(19).fill(0), all = [];
      for (let i = 0; i < count; i += 1) small[ORDER[i]] = bits(3);
      const code = codes(small);
      while (all.length < literals + ways) {
        const found = symbol(code);
        if (found < 16) all.push(found);
        else if (found === 16) { const last = all[all.length - 1]; for (let i = bits(2) + 3; i; i -= 1) all.push(last); }
        else for (let i = found === 17 ? bits(3) + 3 : bits(7) + 11; i; i -= 1) all.push(0);
      }
      return [codes(all.slice(0, literals)), codes(all.slice(literals))];
    };
    const fixed = () => [codes(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))), codes(new Array(30).fill(5))];
    for (let last = 0; !last;) {
      last = bits(1);
      const kind = bits(2);
      if (kind === 0) {
        held = 0; have = 0;
        const size = data[at] | (data[at + 1] << 8);
        room(size);
        out.set(data.subarray(at + 4, at + 4 + size), end);
        at += 4 + size; end += size;
        continue;
      }
      const [literals, ways] = kind === 1 ? fixed() : tables();
      for (let found; (found = symbol(literals)) !== 256;) {
        room(258);
        if (found < 256) { out[end++] = found; continue; }
        const [length, more] = LENGTHS[found - 257], size = length + bits(more), [way, extra] = WAYS[symbol(ways)];
        const back = way + bits(extra);
        for (let i = 0; i < size; i += 1, end += 1) out[end] = out[end - back];
      }
    }
    return new TextDecoder().decode(out.subarray(0, end));
  };
  let store = null, place = null;
  const read = () => {
    if (store) return;
    store = JSON.parse(inflate($("#store").textContent));
    place = new Map(store.rows.map((row, i) => [store.tables[row[0]].name + ":" + row[1], i]));
  };
  const locate = ref => {
    read();
    if (place.has(ref)) return { row: place.get(ref), column: "" };
    const cut = ref.lastIndexOf(":");
    const head = ref.slice(0, cut);
    return place.has(head) ? { row: place.get(head), column: ref.slice(cut + 1) } : null;
  };
  const cellsOf = i => {
    const [number, key, values] = store.rows[i], table = store.tables[number], parts = key.split(":");
    // A blank cell of a key column stands in the key; a number is the place of a text that many rows share.
    const text = (name, j) => typeof values[j] === "number" ? store.strings[values[j]] : values[j]
      || (parts.length <= table.key.length && table.key.includes(name) ? parts[table.key.indexOf(name)] : "") || "";
    return table.columns.map((name, j) => [name, text(name, j)]).filter(pair => pair[1] !== "");
  };
  const parentsOf = i => store.rows[i][3].flatMap(part =>
    Array.isArray(part) ? Array.from({ length: part[1] - part[0] + 1 }, (_, j) => part[0] + j) : [part]);
  const more = i => store.rows[i][5] || {};
  const nameOf = i => store.tables[store.rows[i][0]].name;
  const isFact = i => !nameOf(i).includes("/");
  const STATUS = { u: "unconfirmed", d: "derived", v: "verified" };
  const SAYS = {
    u: "† rests on a figure that nobody could confirm in a source",
    d: "‡ rests on a figure that was derived, or read second-hand",
    v: "every figure behind it was read in its source",
  };
  const TRACE = "#trace=";
  const MAIN = ["label", "title", "status", "natural_estimate", "natural_ci_low", "natural_ci_high", "yi", "sei", "events_1", "n_1",
    "events_2", "n_2", "mean_1", "sd_1", "mean_2", "sd_2", "weight", "final", "verdict", "count", "assumptions", "reason"];
  const PROOF = ["row_key", "line", "corrected", "status", "unconfirmed_fields", "source_id", "locator"];

  const list = (pairs, here) => {
    const made = make("dl", null, { class: "cells" });
    for (const [name, value] of pairs) {
      made.append(make("dt", name.replaceAll("_", " "), name === here ? { class: "here" } : {}));
      made.append(make("dd", value, name === here ? { class: "here", dir: "auto" } : { dir: "auto" }));
    }
    return made;
  };
  const formulas = (i, column) => (more(i).f || []).map(j => store.formulas[j]).filter(formula =>
    !column || !formula.columns || formula.columns.some(name =>
      name === column || (name.endsWith("*") && column.startsWith(name.slice(0, -1)))));
  const addFormulas = (into, found) => {
    for (const formula of found) {
      into.append(make("p", formula.what + ":"));
      into.append(make("p", formula.text, { class: "formula" }));
      if (formula.citation) into.append(make("p", formula.citation));
      const where = make("p", "Library function: ");
      where.append(make("code", formula.function));
      into.append(where);
    }
  };
  const addConversions = (into, i) => {
    const steps = more(i).c || [];
    if (!steps.length) return;
    into.append(make("h3", "From the reported figures to the effect"));
    const made = make("ol");
    for (const [number, inputs, output] of steps) {
      const step = store.conversions[number];
      const item = make("li", step.name || "");
      if (step.formula) item.append(make("p", step.formula, { class: "formula" }));
      const figures = text => Object.entries(JSON.parse(text || "{}")).map(pair => pair.join(" = ")).join(", ");
      item.append(make("p", figures(inputs) + " → " + figures(output)));
      if (step.assumption) item.append(make("p", "Assumes: " + step.assumption));
      if (step.source) item.append(make("p", step.source));
      made.append(item);
    }
    into.append(made);
  };
  const addFact = (into, i, column) => {
    const cells = cellsOf(i), by = Object.fromEntries(cells), box = make("div", null, { class: "fact" });
    box.append(list(cells.filter(pair => !PROOF.includes(pair[0])), column));
    const source = more(i).s === undefined ? null : store.sources[more(i).s];
    if (source) {
      box.append(make("p", "Read in: " + (source.citation || by.source_id), { dir: "auto" }));
      const marks = ["doi", "pmid", "registry_id"].filter(name => source[name])
        .map(name => name.replace("_id", "").toUpperCase() + " " + source[name]);
      if (marks.length) box.append(make("p", marks.join("; ")));
      if (source.read_as) box.append(make("p", "What could be read: " + source.read_as));
    }
    if (by.locator) box.append(make("p", "Place in it: " + by.locator));
    if (by.status) box.append(make("p", "Status: " + by.status
      + (by.unconfirmed_fields ? "; not covered by it: " + by.unconfirmed_fields : "")));
    if (by.corrected) box.append(make("p", "Corrected against the value as received: " + by.corrected));
    if (nameOf(i) === "review.yaml") box.append(make("p", "Written in the analysis plan, data/" + store.review + "/review.yaml."));
    else box.append(make("p", "File: data/" + store.review + "/" + nameOf(i) + (by.line ? ", line " + by.line : "")));
    into.append(box);
  };
  const addWay = (into, i, depth) => {
    const parents = parentsOf(i);
    if (!parents.length) return;
    const box = make("div", null, { class: "way" });
    for (const parent of parents) {
      const cells = Object.fromEntries(cellsOf(parent));
      const part = make("details"), head = make("summary");
      head.append(make("code", nameOf(parent) + ":" + store.rows[parent][1]));
      const label = cells.label || cells.title || cells.name;
      if (label) head.append(" ", make("bdi", label));
      const status = store.rows[parent][4];
      if (status && status !== "v") head.append(make("sup", status === "u" ? "†" : "‡", { title: STATUS[status] }));
      part.append(head);
      // Built when it is opened: a pool of sixty studies has thousands of cells behind it.
      part.addEventListener("toggle", () => { if (part.childElementCount === 1) addRow(part, parent, "", depth + 1); });
      box.append(part);
      if (parents.length < 3 && depth < 3) part.open = true;
    }
    into.append(box);
  };
  const addRow = (into, i, column, depth) => {
    if (isFact(i)) { addFact(into, i, column); addWay(into, i, depth); return; }
    const table = store.tables[store.rows[i][0]];
    if (depth) {
      into.append(list(cellsOf(i).filter(pair => MAIN.includes(pair[0]))));
      const rest = make("details");
      rest.append(make("summary", "every cell of this row"), list(cellsOf(i)));
      into.append(rest);
      addFormulas(into, formulas(i, column).slice(0, 2));
    }
    addConversions(into, i);
    if (table.maker) {
      const made = make("p", "Computed by ");
      made.append(make("code", table.maker.script), ", code ", make("code", table.maker.code));
      if (store.commit) made.append(", commit ", make("code", store.commit));
      into.append(made);
    }
    if (depth) addWay(into, i, depth);
  };
  const show = (ref, shown, from) => {
    const found = locate(ref), body = $("#panel-body"), panel = $("#panel");
    body.replaceChildren();
    if (!found) { body.append(make("p", "Nothing is stored about " + ref + ".")); }
    else {
      const { row, column } = found, cells = Object.fromEntries(cellsOf(row)), table = store.tables[store.rows[row][0]];
      if (column) {
        body.append(make("p", cells[column] || "(blank)", { class: "value", dir: "auto" }));
        body.append(make("p", column.replaceAll("_", " ") + (shown && shown !== cells[column] ? ", shown as " + shown : "") + "; unrounded as it stands in the table"));
      } else {
        body.append(make("p", cells.label || cells.title || store.rows[row][1], { class: "value", dir: "auto" }));
      }
      const status = store.rows[row][4], meaning = table.means[table.columns.indexOf(column)];
      if (status) body.append(make("p", SAYS[status]));
      body.append(make("h3", "Where it stands"));
      body.append(list([["table", (isFact(row) ? "data/" : "results/") + store.review + "/" + table.name], ["row", store.rows[row][1]], ...(column ? [["column", column]] : []), ...(meaning ? [["its figures are", meaning]] : []), ["one row is", table.about]]));
      const found_formulas = formulas(row, column);
      if (found_formulas.length) { body.append(make("h3", "How it is computed")); addFormulas(body, found_formulas); }
      addRow(body, row, column, 0);
      if (!isFact(row)) {
        if (parentsOf(row).length) { body.append(make("h3", "What it rests on")); addWay(body, row, 0); }
        const whole = make("details", null, { class: "more" });
        whole.append(make("summary", table.thin ? "The cells of this row that the page keeps" : "The whole row"), list(cellsOf(row), column));
        body.append(whole);
      }
      body.append(make("h3", "The same from the shell"));
      body.append(make("p", "evisynth trace results/" + store.review + " '" + ref.replaceAll("'", "'\\''") + "'", { class: "formula" }));
      const link = make("p");
      link.append(make("a", "Link to this place", { href: TRACE + encodeURIComponent(ref) }));
      body.append(link);
    }
    panel.origin = from;
    if (!panel.open) panel.showModal();
    panel.scrollTop = 0;
    $("#close").focus();
  };
  const opener = target => target.closest && target.closest("data.n, bdi.o, g.open");
  const open = element => {
    const shown = element.matches("data.n") ? element.firstChild.textContent : "";
    show(element.dataset.ref, shown, element);
  };
  document.addEventListener("click", event => {
    const element = opener(event.target);
    if (element) { event.preventDefault(); open(element); }
  });
  document.addEventListener("keydown", event => {
    const element = opener(event.target);
    if (!element) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(element); return; }
    const table = element.closest("tbody") && element.closest("table");
    if (!table || !event.key.startsWith("Arrow")) return;
    const next = neighbour(table, element, event.key);
    if (next) { event.preventDefault(); element.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  });
  const neighbour = (table, element, key) => {
    const inside = all("tbody data.n, tbody bdi.o", table), i = inside.indexOf(element);
    if (key === "ArrowRight") return inside[i + 1];
    if (key === "ArrowLeft") return inside[i - 1];
    const cell = element.closest("td,th"), down = key === "ArrowDown";
    if (!cell) return null;
    let row = cell.parentElement;
    const column = [...row.cells].slice(0, cell.cellIndex).reduce((sum, before) => sum + before.colSpan, 0);
    while ((row = down ? row.nextElementSibling : row.previousElementSibling)) {
      const other = cellAt(row, column), found = other && $("data.n, bdi.o", other);
      if (found) return found;
    }
    return null;
  };
  const panel = $("#panel");
  $("#close").addEventListener("click", () => panel.close());
  panel.addEventListener("click", event => { if (event.target === panel) panel.close(); });
  panel.addEventListener("close", () => { if (panel.origin && panel.origin.focus) panel.origin.focus(); });

  // One stop for the Tab key in each table; the arrow keys go on from there.
  for (const element of all("data.n, bdi.o")) {
    element.setAttribute("role", "button");
    element.setAttribute("aria-haspopup", "dialog");
    element.tabIndex = element.closest("tbody") ? -1 : 0;
  }
  for (const table of all("table")) {
    const first = $("tbody data.n, tbody bdi.o", table);
    if (first) first.tabIndex = 0;
    const heads = all("thead th", table);
    for (const row of table.tBodies[0] ? table.tBodies[0].rows : []) {
      let at = 0;
      for (const cell of row.cells) { if (heads[at]) cell.dataset.head = heads[at].textContent; at += cell.colSpan; }
    }
    if (table.tBodies[0] && table.tBodies[0].rows.length > 2) heads.forEach((head, i) => sortable(table, head, i));
  }
  function sortable(table, head, index) {
    const button = make("button", null, { type: "button", class: "sort" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", event => {
      if (opener(event.target)) return;
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const body = table.tBodies[0];
      const rows = [...body.rows].map(row => [key(cellAt(row, index)), row]);
      rows.sort((a, b) => order(a[0], b[0], up));
      body.append(...rows.map(pair => pair[1]));
    });
  }
  // A cell that reaches over several columns says why there are no figures: it belongs to none of them.
  const cellAt = (row, index) => {
    let at = 0;
    for (const cell of row.cells) {
      if (at === index) return cell.colSpan > 1 ? null : cell;
      at += cell.colSpan;
      if (at > index) return null;
    }
    return null;
  };
  const key = cell => {
    if (!cell) return null;
    const number = $("data.n", cell);
    const value = number ? Number(number.value) : NaN;
    return Number.isNaN(value) ? (cell.textContent.trim().replace(/^–.*/, "") || null) : value;
  };
  const order = (a, b, up) => {
    // What is blank stays at the end, whichever way the rest is sorted.
    if (a === null || b === null) return (a === null) - (b === null);
    const both = typeof a === "number" && typeof b === "number";
    const found = both ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return up ? found : -found;
  };

  let lines = null;
  const collect = () => all("main h2, main h3, main h4, main p, main li, main tr, main summary").filter(
    element => !element.closest("thead") && !element.matches(".howto")).map(element => {
    const part = element.closest("article, main > section"), head = part && $("h2, h3", part);
    const words = element.cells ? [...element.cells].map(cell => cell.textContent.trim()).filter(Boolean).join(" · ") : element.textContent;
    return { element, text: words.replace(/\s+/g, " ").trim(), head: head ? head.textContent.trim() : "" };
  });
  const fold = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const find = words => {
    lines = lines || collect().map(line => ({ ...line, folded: fold(line.text) }));
    const parts = fold(words).split(/\s+/).filter(Boolean);
    const found = lines.filter(line => parts.every(part => line.folded.includes(part)));
    const weigh = line => (line.element.tagName[0] === "H" ? 0 : 1);
    return found.sort((a, b) => weigh(a) - weigh(b));
  };
  const hits = $("#hits");
  $("#q").addEventListener("input", event => {
    const words = event.target.value.trim();
    hits.replaceChildren();
    if (words.length < 2) return;
    const found = find(words), made = make("ul");
    hits.append(make("p", found.length ? found.length + (found.length === 1 ? " place" : " places") : "Nothing found"));
    for (const line of found.slice(0, 30)) {
      const link = make("a", line.text.slice(0, 110), { href: "#" });
      link.prepend(make("small", line.head));
      link.addEventListener("click", click => { click.preventDefault(); go(line.element); });
      const item = make("li");
      item.append(link);
      made.append(item);
    }
    hits.append(made);
  });
  const go = element => {
    for (let up = element; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    for (const old of all(".hit")) old.classList.remove("hit");
    for (const cell of element.cells || [element]) cell.classList.add("hit");
    element.scrollIntoView({ block: "center" });
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
  };
  const shown = () => {
    // A link to a number opens where it comes from, a link into a closed part opens that.
    if (location.hash.startsWith(TRACE)) { show(decodeURIComponent(location.hash.slice(TRACE.length))); return; }
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  };
  addEventListener("hashchange", shown);
  shown();
  if (matchMedia("(max-width:75rem)").matches) $(".toc").open = false;
  // Figures are packed, and drawn when they come into view.
  const packed = JSON.parse($("#figures").textContent);
  let letters = null;
  const needed = (text, found = new Set()) => {
    for (const [, name] of text.matchAll(/#([cw]\d+)[")]/g)) {
      if (found.has(name) || !(name in letters)) continue;
      found.add(name);
      needed(letters[name], found);
    }
    return found;
  };
  const draw = holder => {
    near.unobserve(holder);
    const text = packed.figures && packed.figures[holder.dataset.figure];
    if (!text || !holder.classList.contains("later")) return;
    letters = letters || JSON.parse(inflate(packed.letters));
    // These are drawings that the report made harmless when it packed them; no cell is read as markup here.
    const svg = JSON.parse(inflate(text)), fresh = [...needed(svg)];
    const shared = fresh.map(name => letters[name]).join("");
    if (shared) $("svg.shared").insertAdjacentHTML("afterend", '<svg class="shared" aria-hidden="true" focusable="false"><defs>' + shared + "</defs></svg>");
    for (const name of fresh) delete letters[name];
    holder.innerHTML = svg;
    holder.removeAttribute("style");
    holder.classList.remove("later");
    // On a phone the figure is scrolled, by keyboard too.
    if (holder.scrollWidth > holder.clientWidth) {
      holder.tabIndex = 0;
      holder.setAttribute("role", "group");
      holder.setAttribute("aria-label", "Figure, to be scrolled sideways");
    }
  };
  const near = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "100% 0px" });
  for (const holder of all(".later")) near.observe(holder);
  const isShown = element => !element.closest("details:not([open])");
  const drawShown = () => all(".later").filter(isShown).forEach(draw);
  addEventListener("beforeprint", drawShown);
  $("#all-parts").addEventListener("click", event => {
    const button = event.currentTarget, open = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", open);
    button.textContent = open ? "Close every part" : "Open every part";
    for (const part of all("main details")) part.open = open;
  });
  // What most readers do next is made ready while they read.
  (window.requestIdleCallback || (task => setTimeout(task, 300)))(read);
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries) {
      const link = $('.toc a[href="#' + entry.target.id + '"]');
      if (link) entry.isIntersecting ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const part of all("main > section, article.synthesis")) seen.observe(part);
})();
