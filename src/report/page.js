"use strict";
// What the status page and the page of `heloctl report --html` share. Names in a log are hostile: every one of them goes
// into a text node, never into markup.
const OUTCOMES = ["dunno", "mark", "defer", "reject"];
const SIGNS = {dunno: "\u25cb", mark: "\u25c6", defer: "\u25d0", reject: "\u2715", skipped: "\u2013"};
const MEANING = {dunno: "let through", mark: "marked with a header", defer: "deferred (4xx)", reject: "rejected (5xx)",
    skipped: "not judged: exempt, authenticated or no client"};
const SVG = "http://www.w3.org/2000/svg";
const WHOLE = 26;   // characters of a name that never breaks: an address stays in one line
const LONGEST = 30; // characters of a part of a name that fits into one line on a phone

const at = (id) => document.getElementById(id);
const count = (n) => n.toLocaleString("en-US");
const total = (values) => values.reduce((sum, n) => sum + n, 0);

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {}))
        if (name === "style") element.style.cssText = value; // the status page's policy forbids the attribute
        else if (value !== undefined) element.setAttribute(name, value);
    element.append(...children.map((child) => child instanceof Node ? child : String(child)));
    return element;
}
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// A name may break behind its dots, dashes and colons, not inside a word.
function breakable(name) {
    if (String(name).length <= WHOLE) return make("span", {class: "whole"}, name);
    const span = make("span", {});
    for (const part of String(name).match(/[^.:@\-\s]+[.:@\-\s]*|[.:@\-\s]+/g) || [])
        span.append(part.length > LONGEST ? make("span", {class: "long"}, part) : part, make("wbr"));
    return span;
}

// An outcome is never shown by colour alone: it has its sign and its name as well.
const outcome = (name, text) => make("span", {class: `outcome ${name}`}, `${SIGNS[name] || ""} ${text || name}`);

// Bars differ by their pattern as well: dunno is an outline, mark dotted, defer striped, reject solid.
function patterns() {
    const colour = (name) => ({stroke: `var(--${name})`, "stroke-width": 2, fill: "none"});
    const cell = (name, ...children) => draw("pattern", {id: `fill-${name}`, width: 6, height: 6,
        patternUnits: "userSpaceOnUse"}, draw("rect", {width: 6, height: 6, fill: `var(--${name})`,
        "fill-opacity": name === "reject" ? 1 : .4}), ...children);
    return draw("svg", {width: 0, height: 0, "aria-hidden": "true", style: "position:absolute"}, draw("defs", {},
        cell("dunno"), cell("skipped"), cell("reject"),
        cell("mark", draw("circle", {cx: 3, cy: 3, r: 1.8, fill: "var(--mark)"})),
        cell("defer", draw("path", {d: "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2", ...colour("defer")}))));
}
const paint = (name) => ({fill: `url(#fill-${name})`, stroke: `var(--${name})`, "stroke-width": .5});

function legend(names) {
    return make("ul", {class: "legend"}, ...names.map((name) => make("li", {},
        draw("svg", {width: 12, height: 12, "aria-hidden": "true"}, draw("rect", {x: .5, y: .5, width: 11, height: 11,
            ...paint(name)})), outcome(name))));
}

// Charts are drawn at the width that there is, so that their letters keep their size on a phone.
const charts = new Map();
const widths = new ResizeObserver((entries) => entries.forEach((entry) => charts.get(entry.target)?.()));
function chart(into, drawing) {
    const host = at(into);
    const redraw = () => host.clientWidth && host.replaceChildren(drawing(host.clientWidth));
    charts.set(host, redraw);
    widths.observe(host);
    redraw();
}

const ROOM = {left: 46, right: 8, top: 30, bottom: 20, height: 182};

// The axes of a chart: `ticks` are [share of the height, text], `labels` [share of the width, text].
function axes(svg, width, ticks, labels) {
    const inner = width - ROOM.left - ROOM.right, tall = ROOM.height - ROOM.top - ROOM.bottom;
    let free = 0; // where the last label ends
    for (const [share, text] of ticks) {
        const y = ROOM.top + tall * (1 - share);
        svg.append(draw("line", {class: "grid", x1: ROOM.left, x2: width - ROOM.right, y1: y, y2: y}),
            draw("text", {x: ROOM.left - 6, y: y + 4, "text-anchor": "end"}, text));
    }
    for (const [share, text] of labels) {
        const wide = text.length * 7.6, x = Math.min(Math.max(ROOM.left + inner * share - wide / 2, 0), width - wide - 2);
        if (x < free) continue;
        free = x + wide + 8;
        svg.append(draw("text", {x, y: ROOM.height - 5, class: "label"}, text));
    }
}

// Draws thresholds, {x, score, name, outcome} from left to right; a label that would touch the one before is drawn lower.
function drawThresholds(svg, width, thresholds) {
    let free = 0, low = false;
    for (const {x, score, name, outcome} of thresholds) {
        const text = `${SIGNS[outcome]} ${score}`, from = Math.min(x - 4, width - 46);
        low = from < free && !low;
        free = from + 46;
        svg.append(draw("line", {class: "threshold", "data-name": `${name} ${score}`, x1: x, x2: x,
            y1: ROOM.top - (low ? 4 : 16), y2: ROOM.height - ROOM.bottom}),
            draw("text", {x: from, y: low ? 25 : 11, style: `fill: var(--${outcome})`}, text));
    }
}

const MOST_BARS = 200, WIDEST = 40;

// Bars split by outcome. `values` has an array for each of `names`, the lowest part first; `title` names a bar, `label`
// gives the text under it, if any.
function stack(width, values, names, title, label, about) {
    const n = values[names[0]].length, sums = [...Array(n).keys()].map((i) => total(names.map((name) => values[name][i])));
    const highest = Math.max(1, ...sums), most = highest + (highest > 1 ? highest % 2 : 0), inner = width - ROOM.left - ROOM.right, step = inner / Math.max(n, 1);
    const tall = ROOM.height - ROOM.top - ROOM.bottom, wide = Math.min(Math.max(step - 1, .8), WIDEST);
    const svg = draw("svg", {width, height: ROOM.height, role: "img", "aria-label": about});
    axes(svg, width, [[0, "0"], ...(most > 1 ? [[.5, count(most / 2)]] : []), [1, count(most)]],
        sums.map((_, i) => [(i + .5) / n, label(i)]).filter(([, text]) => text));
    sums.forEach((sum, i) => {
        let y = ROOM.top + tall;
        const bar = draw("g", {class: "bar", "data-value": sum});
        for (const name of names) {
            const value = values[name][i], high = tall * value / most;
            if (!value) continue;
            y -= high;
            bar.append(draw("rect", {class: name, x: ROOM.left + i * step + (step - wide) / 2, y, width: wide, height: high,
                ...paint(name), "data-value": value}));
        }
        bar.append(draw("title", {}, `${title(i)}: ${names.map((name) => `${name} ${count(values[name][i])}`).join(", ")}`));
        svg.append(bar);
    });
    return svg;
}

// Greetings by score, on a log scale because those without points outnumber all others. `of` gives a bar's outcome.
function logBars(width, values, of, title, labels) {
    const step = (width - ROOM.left - ROOM.right) / values.length, tall = ROOM.height - ROOM.top - ROOM.bottom;
    const most = Math.max(10, ...values), scale = (n) => Math.log10(n + 1) / Math.log10(most + 1);
    const svg = draw("svg", {width, height: ROOM.height, role: "img", "aria-label": "greetings by score, log scale"});
    const ticks = [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((n) => n <= most);
    axes(svg, width, ticks.map((n) => [scale(n), count(n)]), labels);
    values.forEach((value, i) => {
        const high = tall * scale(value), name = of(i);
        if (value) svg.append(draw("rect", {class: `bar ${name}`, x: ROOM.left + i * step, y: ROOM.top + tall - high,
            width: Math.max(step - .5, 1), height: high, ...paint(name), "data-value": value},
            draw("title", {}, `${title(i)}: ${count(value)}, ${name}`)));
    });
    return svg;
}

// A table that sorts by its heads and shows its rows by pages. columns: {title, key, number, short, show(row)}; `key` may
// be a function; a short one shares its line with others on a phone. `words` makes what a row
// unfolds into; such rows have an id.
function table(into, {columns, rows, page = 50, words, id = `${into}-table`, empty = "None."}) {
    const state = {rows, shown: rows, wanted: () => true, page: 0, by: -1, down: false, open: new Set()};
    const body = make("tbody", {role: "rowgroup"}), head = make("tr", {role: "row"});
    const value = (column, row) => typeof column.key === "function" ? column.key(row) : row[column.key];
    const before = make("button", {type: "button"}, "Previous"), after = make("button", {type: "button"}, "Next");
    const where = make("span", {class: "soft", "aria-live": "polite"});
    const pages = make("p", {class: "tools pages"}, before, where, after);
    const none = make("p", {class: "soft"}, empty);

    function line(row) {
        const cells = columns.map((column) => {
            const shown = column.show ? column.show(row) : value(column, row);
            const kinds = [column.number && "number", (column.number || column.short) && "short", shown === "" && "empty"];
            return make("td", {role: "cell", class: kinds.filter(Boolean).join(" "),
                "data-label": column.title}, typeof shown === "number" ? make("span", {}, count(shown)) : shown);
        });
        const tr = make("tr", {role: "row"}, ...cells);
        if (!words) return [tr];
        const isOpen = state.open.has(row.id);
        const button = make("button", {type: "button", class: "unfold", "aria-expanded": isOpen,
            "aria-label": "findings in words"});
        button.addEventListener("click", () => {
            if (!state.open.delete(row.id)) state.open.add(row.id);
            refresh();
        });
        tr.prepend(make("td", {role: "cell", class: "short"}, button));
        tr.dataset.id = row.id;
        return isOpen ? [tr, make("tr", {role: "row", class: "unfolded"}, make("td", {role: "cell",
            colspan: columns.length + 1}, make("div", {class: "words"}, words(row))))] : [tr];
    }
    // Rows that did not change stay as they are, with the text that somebody may have selected in them.
    function redraw(some) {
        const drawn = JSON.stringify([some, [...state.open]]);
        if (drawn === state.drawn) return;
        state.drawn = drawn;
        const focused = body.contains(document.activeElement) && document.activeElement.closest("tr").dataset.id;
        body.replaceChildren(...some.flatMap(line));
        if (focused) [...body.rows].find((tr) => tr.dataset.id === focused)?.querySelector(".unfold").focus();
    }
    function refresh() {
        const last = Math.max(0, Math.ceil(state.shown.length / page) - 1);
        state.page = Math.min(state.page, last);
        const from = state.page * page, some = state.shown.slice(from, from + page);
        redraw(some);
        where.textContent = `${count(from + 1)} to ${count(from + some.length)} of ${count(state.shown.length)}`;
        before.disabled = state.page === 0;
        after.disabled = state.page === last;
        pages.hidden = state.shown.length <= page;
        none.hidden = some.length > 0;
        head.hidden = state.rows.length === 0;
    }
    function sort() {
        if (state.by < 0) return;
        const column = columns[state.by], sign = state.down ? -1 : 1;
        state.shown.sort((a, b) => {
            const x = value(column, a), y = value(column, b);
            return sign * (x < y ? -1 : x > y ? 1 : 0);
        });
    }
    if (words) head.append(make("th", {role: "columnheader", scope: "col", "aria-label": "unfold"}));
    columns.forEach((column, i) => {
        const button = make("button", {type: "button"}, column.title);
        const cell = make("th", {role: "columnheader", scope: "col", class: column.number ? "number" : ""}, button);
        button.addEventListener("click", () => {
            state.down = state.by === i ? !state.down : Boolean(column.number);
            state.by = i;
            state.page = 0;
            for (const other of head.children) other.removeAttribute("aria-sort");
            cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
            sort();
            refresh();
        });
        head.append(cell);
    });
    for (const [button, step] of [[before, -1], [after, 1]])
        button.addEventListener("click", () => { state.page += step; refresh(); });
    at(into).replaceChildren(make("table", {id, class: "stack", role: "table"},
        make("thead", {role: "rowgroup"}, head), body), none, pages);

    const made = {
        // Shows the rows that `wanted` lets through, from the first page on; returns how many there are.
        filter(wanted) {
            state.wanted = wanted;
            state.page = 0;
            return made.replace(state.rows);
        },
        // Shows other rows; filter, order and page stay.
        replace(rows) {
            state.rows = rows;
            state.shown = rows.filter(state.wanted);
            sort();
            refresh();
            return state.shown.length;
        },
    };
    made.replace(rows);
    return made;
}

// The findings of a decision as a table in words; `rules` gives each rule's sentence.
function findingsInWords(findings, rules) {
    if (!findings.length) return make("p", {class: "soft"}, "No findings.");
    return make("table", {class: "findings"}, make("tbody", {}, ...findings.map(({rule, points}) => make("tr", {},
        make("td", {class: "number"}, points > 0 ? `+${points}` : String(points)),
        make("td", {}, make("b", {class: "finding"}, rule), make("br"), rules.get(rule) || "")))));
}

function pairs(rows) {
    return make("dl", {}, ...rows.filter(([, value]) => value !== undefined && value !== "")
        .flatMap(([name, value, kind]) => [make("dt", kind ? {class: kind} : {}, name),
            make("dd", {"data-name": name}, value)]));
}

document.body.prepend(patterns());
