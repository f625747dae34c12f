"use strict";
// The status page: asks for /status.json every two seconds and shows it. Every value is set as text, never as markup.
const EVERY = 2000;
const SVG = "http://www.w3.org/2000/svg";
const open = new Set(); // ids of the decisions that are unfolded

const at = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.map(String));
    return element;
}

function draw(tag, attributes, text) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
}

// Bars over a line of labels; `lines` are drawn across, each {at: bar number, text}.
function bars(values, label, title, lines) {
    const width = 480, height = 120, step = width / values.length, top = Math.max(1, ...values);
    const svg = draw("svg", {viewBox: `0 0 ${width} ${height + 30}`, role: "img", "aria-label": title});
    values.forEach((value, i) => {
        const high = (height - 14) * value / top;
        const bar = draw("rect", {class: "bar", x: i * step + 1, y: height - high, width: Math.max(1, step - 2),
            height: high, "data-value": value});
        bar.append(draw("title", {}, `${label(i, true)}: ${value}`));
        svg.append(bar);
        if (label(i)) svg.append(draw("text", {x: i * step + 1, y: height + 14}, label(i)));
    });
    svg.append(draw("text", {x: 0, y: 10}, `${top} at most`));
    for (const line of lines) {
        svg.append(draw("line", {class: "threshold", "data-name": line.text, x1: line.at * step, x2: line.at * step,
            y1: 12, y2: height}));
        svg.append(draw("text", {x: Math.min(line.at * step + 3, width - 60), y: height + 27}, line.text));
    }
    return svg;
}

// Bar numbers that a score stands before: between the bounds of its bucket by its share.
function place(bounds, score) {
    const i = bounds.findIndex((bound) => score <= bound);
    if (i < 0) return bounds.length;
    const low = i > 0 ? bounds[i - 1] : 0;
    return bounds[i] > low ? i + (score - low) / (bounds[i] - low) : i;
}

function pairs(id, rows) {
    at(id).replaceChildren(...rows.flatMap(([name, value, kind]) =>
        [make("dt", kind ? {class: kind} : {}, name), make("dd", {"data-name": name}, value)]));
}

function table(id, rows) {
    at(id).tBodies[0].replaceChildren(...rows.map((row) => {
        const line = make("tr", {});
        row.forEach((value) => line.append(make("td", typeof value === "number" ? {class: "number"} : {}, value)));
        return line;
    }));
}

function decision(d) {
    const box = make("details", {"data-id": d.id});
    const head = make("summary", {});
    head.append(make("span", {class: "time"}, new Date(d.time * 1000).toLocaleTimeString()),
        make("span", {class: `outcome ${["dunno", "mark", "defer", "reject"].includes(d.action) ? d.action : ""}`},
            d.action), make("span", {class: "score"}, d.skip ? d.skip : d.score),
        make("span", {class: "helo"}, d.helo), make("span", {class: "client"}, d.client));
    const list = make("dl", {});
    for (const finding of (d.findings || "").split(",")) {
        const colon = finding.lastIndexOf(":");
        if (colon > 0) list.append(make("dt", {class: "finding"}, finding.slice(0, colon)),
            make("dd", {}, finding.slice(colon + 1)));
    }
    for (const name of ["id", "policy", "mode", "rdns", "fcrdns", "spf", "sender", "exemption", "dns", "ms", "reply"])
        if (d[name] !== undefined && d[name] !== "") list.append(make("dt", {}, name), make("dd", {}, d[name]));
    box.append(head, list);
    box.open = open.has(d.id);
    box.addEventListener("toggle", () => box.open ? open.add(d.id) : open.delete(d.id));
    return box;
}

function show(s) {
    const m = s.metrics, policy = s.policies.find((p) => p.name === "default") || s.policies[0];
    at("about").textContent = `version ${s.version}, up ${Math.floor((s.now - m.start_timestamp_seconds) / 60)} min, ` +
        `${m.questions_total} questions, ${m.connections} connections; policy ${m.generation} of ${s.file || "defaults"}, ` +
        `mode ${policy.mode}`;
    at("trouble").hidden = m.dns_suspended === 0;
    at("minutes").replaceChildren(bars(s.minutes,
        (i, all) => all ? `${60 - i} min ago` : i % 15 === 0 ? (i === 60 ? "now" : `−${60 - i} min`) : "",
        "decisions per minute", []));
    pairs("outcomes", Object.entries(m.decisions_total.judged).map(([name, n]) => [name, n, name]));
    at("scores").replaceChildren(bars(m.score.buckets,
        (i) => i < m.score.bounds.length ? `≤${m.score.bounds[i]}` : "more", "scores",
        policy.thresholds.map((t) => ({at: place(m.score.bounds, t.score), text: `${t.name} ${t.score}`}))));
    table("findings", Object.entries(m.findings_total).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, 15));
    pairs("dns", [["resolvers", s.resolvers], ["asked", m.dns_asked_total], ["from the cache", m.dns_cache_hits_total],
        ["in flight", m.dns_in_flight], ["temporary failures", `${m.dns_temperror_percent} %`],
        ...Object.entries(m.dns_answers_total)]);
    at("decisions").replaceChildren(...s.decisions.map(decision));
    table("exemptions", s.exemptions.map((e) => [`${e.kind} ${e.pattern}${e.why ? " — " + e.why : ""}`, e.where, e.hits]));
}

async function tick() {
    try {
        const answer = await fetch("/status.json", {cache: "no-store", signal: AbortSignal.timeout(5000)});
        if (!answer.ok) throw new Error(answer.statusText);
        show(await answer.json());
        at("stale").hidden = true;
    } catch (error) {
        console.warn(error);
        at("stale").hidden = false;
    }
    setTimeout(tick, EVERY);
}

tick();
