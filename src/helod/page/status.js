// The status page asks for /status.json every two seconds and shows it.
const EVERY = 2000;
const STATES = ["reject", "defer", "mark", "dunno", "skipped"];
let words = new Map(); // of each rule, its sentence
let latest;            // the last answer

function age(seconds) {
    const [unit, size] = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]].find(([, n]) => seconds >= 2 * n) ||
        ["seconds", 1];
    return `${Math.floor(seconds / size)} ${unit}`;
}
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
const stateOf = (d) => d.skip ? "skipped" : d.judged;

function findingsOf(d) {
    return (d.findings || "").split(",").filter((text) => text.includes(":")).map((text) => {
        const colon = text.lastIndexOf(":");
        return {rule: text.slice(0, colon), points: Number(text.slice(colon + 1))};
    });
}

function unfolded(d) {
    const rest = ["id", "policy", "mode", "rdns", "fcrdns", "spf", "sender", "exemption", "dns", "ms", "reply"];
    return make("div", {}, findingsInWords(findingsOf(d), words), pairs(rest.map((name) => [name, d[name]])));
}

const decisions = table("decisions", {rows: [], words: unfolded, empty: "No decision to show. Postfix sends requests once " +
    "check_policy_service is in its smtpd restrictions; each one then appears here.", columns: [
    {title: "time", key: "time", short: true, show: (d) => make("span", {class: "time"}, clock(d.time))},
    {title: "judged", short: true, key: (d) => STATES.indexOf(stateOf(d)), show: (d) => outcome(stateOf(d), (d.skip || d.judged).replace("_", " "))},
    {title: "answered", short: true, key: "action", show: (d) => outcome(d.action)},
    {title: "score", key: (d) => d.skip ? -1 : d.score, number: true, show: (d) => d.skip ? "" : d.score},
    {title: "HELO", key: "helo", show: (d) => make("span", {class: "helo"}, breakable(d.helo))},
    {title: "client", key: "client", show: (d) => breakable(d.client)},
]});
const findings = table("findings", {rows: [], page: 15, empty: "No finding yet.", columns: [
    {title: "rule", key: "rule", show: (row) => make("span", {title: words.get(row.rule) || ""}, row.rule)},
    {title: "hits", key: "hits", number: true}]});
const exemptions = table("exemptions", {rows: [], empty: "The policy file exempts nobody.", columns: [
    {title: "entry", key: "entry", show: (row) => breakable(row.entry)},
    {title: "where", key: "where", show: (row) => breakable(row.where)},
    {title: "hits", key: "hits", number: true}]});

// Where a score lies on the axis, in bars. The lowest score of a bucket lies at the bar's left edge.
function place(bounds, score) {
    const i = bounds.findIndex((bound) => score <= bound);
    if (i < 0) return bounds.length;
    const low = i > 0 ? bounds[i - 1] : 0;
    return bounds[i] > low ? i + (score - low - 1) / (bounds[i] - low) : i;
}

// A bucket has the outcome that most of its scores have; which one that is, the thresholds show.
function scoresChart(width) {
    const {bounds, buckets} = latest.metrics.score, policy = defaultPolicy(), n = buckets.length;
    const of = (i) => [...policy.thresholds].sort((a, b) => b.score - a.score)
        .find((t) => place(bounds, t.score) <= i + .5)?.outcome || "dunno";
    const label = (i) => i < bounds.length ? `\u2264${bounds[i]}` : `>${bounds[n - 2]}`;
    const svg = logBars(width, buckets, of, (i) => `score ${label(i)}`, buckets.map((_, i) => [(i + .5) / n, label(i)]));
    const step = (width - ROOM.left - ROOM.right) / n;
    drawThresholds(svg, width, policy.thresholds.map((t) => ({...t, x: ROOM.left + place(bounds, t.score) * step})));
    return svg;
}

function minutesChart(width) {
    return stack(width, latest.minutes, STATES, (i) => i === 60 ? "this minute" : `${60 - i} min ago`,
        (i) => i === 60 ? "now" : i % 15 === 0 ? `\u2212${60 - i} min` : "", "decisions per minute, by outcome");
}

// Whether Postfix offers STARTTLS: by the policy file, or learned from the clients that used it.
function starttls(p) {
    const offered = `STARTTLS is ${p.starttls_offered ? "" : "not "}offered`;
    return p.starttls_learned ? `${offered}: clients of ${p.encrypted_networks} unrelated networks used it in the last 7 days.` :
        `${offered} (set in the policy file).`;
}

const defaultPolicy = () => latest.policies.find((p) => p.name === "default") || latest.policies[0];

function filter() {
    const wanted = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean), state = at("by-outcome").value;
    const shown = decisions.filter((d) => (!state || stateOf(d) === state) && wanted.every((word) =>
        [d.helo, d.client, d.rdns, d.id, d.sender, d.findings].join(" ").toLowerCase().includes(word)));
    at("shown").textContent = latest.decisions.length ? `${shown} of the last ${latest.decisions.length}` : "";
}

function outcomes(m) {
    const {judged, action} = m.decisions_total, skipped = total(Object.values(m.skipped_total)) - m.skipped_total.none;
    at("outcomes").replaceChildren(...STATES.map((name) => make("div", {class: "card"}, outcome(name),
        make("b", {"data-name": name}, count(name === "skipped" ? skipped : judged[name] - (name === "dunno" ? skipped : 0))),
        make("small", {}, MEANING[name]),
        make("small", {}, name in action && name !== "dunno" && action[name] !== judged[name] ?
            `answered this way: ${count(action[name])}` : ""))));
}

function show(s) {
    const m = s.metrics;
    latest = s;
    words = new Map(Object.entries(s.rules));
    const {mode} = defaultPolicy();
    at("about").textContent = `Version ${s.version}, up ${age(s.now - m.start_timestamp_seconds)}, requests: ${count(m.requests_total)}, ` +
        `connections: ${count(m.connections)}; policy ${m.generation} of ${s.file || "the defaults"}`;
    at("mode").textContent = `Mode ${mode}` + ({monitor: ": Postfix refuses nothing; the numbers say what the thresholds would do.",
        soft: ": what the thresholds reject is deferred."}[mode] || ": Postfix does what the thresholds say.");
    at("starttls").textContent = s.policies.map((p) =>
        (s.policies.length > 1 ? `Policy ${p.name}: ` : "") + starttls(p)).join(" ");
    at("lead").textContent = mode === "monitor" ? "What would have happened, since start" : "Outcomes since start";
    at("trouble").hidden = m.dns_suspended === 0;
    outcomes(m);
    const isQuiet = !STATES.some((name) => total(s.minutes[name])), isNew = m.score.count === 0;
    at("minutes").hidden = at("minutes-legend").hidden = isQuiet;
    at("minutes-empty").hidden = !isQuiet;
    at("scores").hidden = isNew;
    at("scores-empty").hidden = !isNew;
    chart("minutes", minutesChart);
    chart("scores", scoresChart);
    findings.replace(Object.entries(m.findings_total).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])
        .map(([rule, hits]) => ({rule, hits})));
    at("dns").replaceChildren(pairs([["resolvers", s.resolvers], ["queries sent", count(m.dns_asked_total)],
        ["answered from the cache", count(m.dns_cache_hits_total)], ["in flight", count(m.dns_in_flight)],
        ["temporary failures", `${m.dns_temperror_percent} %`],
        ...Object.entries(m.dns_answers_total).map(([name, n]) => [`answers: ${name}`, count(n)])]));
    decisions.replace(s.decisions);
    filter();
    exemptions.replace(s.exemptions.map((e) => ({entry: `${e.kind} ${e.pattern}${e.why ? ` (${e.why})` : ""}`,
        where: e.where, hits: e.hits})));
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

at("by-outcome").append(...STATES.map((value) => make("option", {value}, value)));
at("minutes-legend").append(legend(STATES));
for (const id of ["filter", "by-outcome"]) at(id).addEventListener("input", filter);
tick();
