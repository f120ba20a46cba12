// Verifies an evidence package in a browser, without a network: the same checks as verify.py, in the same words.
// Golden packages hold both to the same result.
"use strict";

const MANIFEST = "manifest.json", SIGNATURE = "manifest.sig";
const MOST_RATIO = 1000, MOST_FILES = 200000;
const utf8 = new TextDecoder("utf-8", { fatal: true }), encoder = new TextEncoder();
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error(`not hex: ${String(text).slice(0, 20)}`);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
const concat = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

async function signedBy(key, text, signature) {
  try {
    return await verifyAsync(signature, text, unhex(key));
  } catch {
    return false;
  }
}

class Report {
  faults = [];
  notes = [];
  checked = {};
  proven = false;
  fault(text) { this.faults.push(text); }
  count(what, number = 1) { this.checked[what] = (this.checked[what] ?? 0) + number; }
  get exitCode() { return this.faults.length ? 1 : this.proven ? 0 : 2; }
}

// The zip's directory is read by hand: a browser has inflate, but no zip. Tricks in it are faults.
class ZipPackage {
  static async open(file, report) {
    const self = new ZipPackage();
    self.file = file;
    self.entries = new Map();
    const tail = new DataView(await file.slice(Math.max(0, file.size - 65557)).arrayBuffer());
    let at = tail.byteLength - 22;
    while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at -= 1;
    if (at < 0) throw new Error("not a zip, or cut short");
    let count = tail.getUint16(at + 10, true), size = tail.getUint32(at + 12, true), offset = tail.getUint32(at + 16, true);
    if (offset === 0xffffffff || count === 0xffff) {
      const locator = new DataView(await file.slice(file.size - tail.byteLength + at - 20, file.size - tail.byteLength + at).arrayBuffer());
      const end = Number(locator.getBigUint64(8, true));
      const large = new DataView(await file.slice(end, end + 56).arrayBuffer());
      count = Number(large.getBigUint64(32, true));
      size = Number(large.getBigUint64(40, true));
      offset = Number(large.getBigUint64(48, true));
    }
    if (count > MOST_FILES) throw new Error(`more than ${MOST_FILES} entries`);
    self.read_directory(new DataView(await file.slice(offset, offset + size).arrayBuffer()), count, report);
    return self;
  }

  read_directory(view, count, report) {
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) throw new Error("the zip's directory is damaged");
      const flags = view.getUint16(at + 8, true), method = view.getUint16(at + 10, true);
      const lengths = [28, 30, 32].map((field) => view.getUint16(at + field, true));
      let packed = view.getUint32(at + 20, true), size = view.getUint32(at + 24, true), offset = view.getUint32(at + 42, true);
      const mode = view.getUint32(at + 38, true) >>> 16;
      const name = utf8.decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, lengths[0]));
      for (let extra = at + 46 + lengths[0], end = extra + lengths[1]; extra + 4 <= end; ) {
        const id = view.getUint16(extra, true), length = view.getUint16(extra + 2, true);
        if (id === 1) {
          let field = extra + 4;
          const large = () => { const value = Number(view.getBigUint64(field, true)); field += 8; return value; };
          if (size === 0xffffffff) size = large();
          if (packed === 0xffffffff) packed = large();
          if (offset === 0xffffffff) offset = large();
        }
        extra += 4 + length;
      }
      at += 46 + lengths[0] + lengths[1] + lengths[2];
      if (name.startsWith("/") || name.split("/").includes("..") || name.includes("\\") || /^[A-Za-z]:/.test(name)) report.fault(`${name}: a path that leaves the package`);
      else if ((mode & 0xf000) === 0xa000) report.fault(`${name}: a link, not a file`);
      else if (this.entries.has(name)) report.fault(`${name}: stands twice in the zip`);
      else if (flags & 1) throw new Error("the zip is encrypted: unpack it with its password (7-Zip), then choose the folder");
      else if (size > MOST_RATIO * Math.max(1, packed)) report.fault(`${name}: unpacks to ${size} bytes from ${packed}, a zip bomb`);
      else if (!name.endsWith("/")) this.entries.set(name, { method, packed, size, offset });
    }
  }

  names() { return [...this.entries.keys()]; }

  async read(name) {
    const entry = this.entries.get(name);
    if (!entry) throw new Error(`${name} is missing: not an evidence package, or not all of one`);
    const head = new DataView(await this.file.slice(entry.offset, entry.offset + 30).arrayBuffer());
    if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) throw new Error(`${name}: can't be read`);
    const start = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const raw = this.file.slice(start, start + entry.packed);
    let bytes;
    if (entry.method === 0) bytes = new Uint8Array(await raw.arrayBuffer());
    else if (entry.method === 8) {
      try {
        bytes = new Uint8Array(await new Response(raw.stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());
      } catch {
        throw new Error(`${name}: can't be read: damaged`);
      }
    } else throw new Error(`${name}: packed by an unknown method ${entry.method}`);
    if (bytes.length !== entry.size) throw new Error(`${name}: can't be read: ${bytes.length} bytes instead of ${entry.size}`);
    return bytes;
  }
}

class FolderPackage {
  constructor(files) {
    this.files = new Map([...files].map((file) => [file.webkitRelativePath.split("/").slice(1).join("/"), file]));
  }
  names() { return [...this.files.keys()]; }
  async read(name) {
    const file = this.files.get(name);
    if (!file) throw new Error(`${name} is missing: not an evidence package, or not all of one`);
    return new Uint8Array(await file.arrayBuffer());
  }
}

async function lines(source, name) {
  if (!source.names().includes(name)) return [];
  return utf8.decode(await source.read(name)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

async function verifyPackage(open, keys, progress = () => {}) {
  const report = new Report();
  try {
    const source = await open(report);
    const manifest = JSON.parse(utf8.decode(await source.read(MANIFEST)));
    await checkFiles(source, manifest, report, progress);
    const chain = await checkChain(source, manifest, report);
    const trusted = await checkKeys(chain, manifest, keys, report);
    await checkManifestSignature(source, trusted, report);
    await checkSeals(source, chain, trusted, report);
    const centre = await checkCountersignatures(source, chain, keys, report);
    checkFacts(manifest, chain, report);
    report.proven = keys.device.size > 0 && !report.faults.length;
    if (!keys.device.size) report.notes.push("No --key was given: consistent, origin unproven.");
    if (!centre) report.notes.push("No countersignature of the centre covers it: re-signing by the device can't be excluded.");
  } catch (error) {
    report.fault(String(error.message ?? error));
  }
  return report;
}

async function checkFiles(source, manifest, report, progress) {
  const listed = new Map(manifest.files.map((each) => [each.path, each]));
  if (listed.size !== manifest.files.length) report.fault(`${MANIFEST}: names a file twice`);
  const present = new Set(source.names());
  for (const name of [...present].sort()) if (!listed.has(name) && name !== MANIFEST && name !== SIGNATURE) report.fault(`${name}: added, the manifest does not know it`);
  let done = 0;
  for (const [name, each] of listed) {
    progress((done += 1) / listed.size);
    if (!present.has(name)) { report.fault(`${name}: removed`); continue; }
    let bytes;
    try { bytes = await source.read(name); } catch (error) { report.fault(error.message); continue; }
    if (hex(await sha256(bytes)) !== each.sha256 || bytes.length !== each.size) report.fault(`${name}: changed`);
    else report.count("files");
  }
}

const genesis = (agent, epoch) => sha256(encoder.encode(`edge_agent journal\n${agent}\n${epoch}`));

async function checkChain(source, manifest, report) {
  const chain = { agent: manifest.agent, links: new Map(), bodies: [], last: [0, 0] };
  let { epoch, seq, link } = manifest.chain.start;
  link = unhex(link);
  if (seq === 0 && hex(link) !== hex(await genesis(chain.agent, epoch))) report.fault("facts: the start is not this agent's genesis");
  for (const line of await lines(source, manifest.chain.file)) {
    if (line.e !== epoch) {
      if (line.e < epoch || line.s !== 1) report.fault(`fact ${line.e}/${line.s}: epoch ${line.e} does not follow ${epoch}/${seq}`);
      epoch = line.e; seq = 0; link = await genesis(chain.agent, epoch);
    }
    if (line.s !== seq + 1) report.fault(`fact ${epoch}/${line.s}: ${epoch}/${seq + 1} is missing or out of order`);
    seq = line.s;
    const digest = "d" in line ? unhex(line.d) : await sha256(encoder.encode(line.b));
    const place = new DataView(new ArrayBuffer(8));
    place.setBigUint64(0, BigInt(seq));
    link = await sha256(concat(link, new Uint8Array(place.buffer), digest));
    chain.links.set(`${epoch}/${seq}`, hex(link));
    if ("b" in line) {
      const body = JSON.parse(line.b);
      if (body.agent !== chain.agent || body.epoch !== epoch || body.seq !== seq) report.fault(`fact ${epoch}/${seq}: its body belongs to ${body.agent} ${body.epoch}/${body.seq}`);
      chain.bodies.push(body);
    }
    report.count("facts");
  }
  chain.last = [epoch, seq];
  const end = manifest.chain.end;
  if (epoch !== end.epoch || seq !== end.seq || hex(link) !== end.link) report.fault(`facts: the chain ends at ${epoch}/${seq}, not at the manifest's ${end.epoch}/${end.seq}`);
  return chain;
}

async function checkKeys(chain, manifest, keys, report) {
  const named = new Set(manifest.keys), trusted = new Set(keys.device.size ? keys.device : named);
  const vouched = [...manifest.rotations, ...chain.bodies.filter((body) => body.kind === "seal.key" && body.data.change === "rotated").map((body) => body.data)];
  for (let round = 0; round < vouched.length; round += 1) for (const each of vouched) {
    const text = encoder.encode(`edge_agent seal-key v1\n${each.old_public}\n${each.public}`);
    if (trusted.has(each.old_public) && await signedBy(each.old_public, text, unhex(each.signature))) trusted.add(each.public);
  }
  for (const key of [...named].sort()) if (!trusted.has(key)) report.fault(`${MANIFEST}: key ${key.slice(0, 16)}… is not the key given, nor vouched for by it: another device`);
  return trusted;
}

async function checkManifestSignature(source, trusted, report) {
  if (!source.names().includes(SIGNATURE)) { report.fault(`${SIGNATURE}: removed`); return; }
  const given = JSON.parse(utf8.decode(await source.read(SIGNATURE)));
  const text = encoder.encode("edge_agent package v1\n" + hex(await sha256(await source.read(MANIFEST))));
  if (!trusted.has(given.key)) report.fault(`${SIGNATURE}: signed by the unknown key ${String(given.key).slice(0, 16)}…`);
  else if (!await signedBy(given.key, text, unhex(given.signature))) report.fault(`${MANIFEST}: changed, its signature does not hold`);
  else report.count("package signature");
}

async function checkSeals(source, chain, trusted, report) {
  for (const seal of await lines(source, "proof/seals.jsonl")) {
    const said = JSON.parse(seal.payload), where = `seal over ${said.epoch}/${said.seq}`;
    if (!trusted.has(seal.key)) report.fault(`${where}: signed by the unknown key ${seal.key.slice(0, 16)}…`);
    else if (!await signedBy(seal.key, encoder.encode("edge_agent seal v1\n" + seal.payload), unhex(seal.signature))) report.fault(`${where}: its signature does not hold`);
    else if (compareHead(chain, said, said.seq, where, report)) report.count("seals");
  }
}

async function checkCountersignatures(source, chain, keys, report) {
  let covers = false;
  const centre = new Map();
  for (const key of keys.centre) centre.set(hex(await sha256(unhex(key))).slice(0, 16), key);
  for (const line of await lines(source, "proof/countersignatures.jsonl")) {
    const said = JSON.parse(line.payload), where = `countersignature over ${said.epoch}/${said.upto}`;
    const held = compareHead(chain, said, said.upto, where, report);
    if (!centre.has(line.key)) {
      if (centre.size) report.fault(`${where}: signed by the unknown key ${line.key}`);
      continue;
    }
    const signature = Uint8Array.from(atob(line.signature), (character) => character.charCodeAt(0));
    if (!await signedBy(centre.get(line.key), encoder.encode("edge_agent ack v1\n" + line.payload), signature)) report.fault(`${where}: its signature does not hold`);
    else if (held) { report.count("countersignatures"); covers = true; }
  }
  return covers;
}

function compareHead(chain, said, seq, where, report) {
  const [lastEpoch, lastSeq] = chain.last, known = chain.links.get(`${said.epoch}/${seq}`);
  if (said.agent !== chain.agent) report.fault(`${where}: belongs to another device, ${said.agent}`);
  else if (said.epoch > lastEpoch || (said.epoch === lastEpoch && seq > lastSeq)) report.fault(`${where}: the chain was cut, it ends at ${lastEpoch}/${lastSeq}`);
  else if (known !== undefined && known !== said.head) report.fault(`${where}: the chain was altered or signed anew, its link differs`);
  else return known !== undefined;
  return false;
}

function checkFacts(manifest, chain, report) {
  const policies = new Set(manifest.files.filter((each) => each.path.startsWith("proof/policies/")).map((each) => each.sha256));
  const anchored = new Set(chain.bodies.filter((body) => body.kind === "clock.anchor").map((body) => body.data.boot_id));
  const named = new Map(), missing = new Set();
  let doubtful = 0;
  for (const body of chain.bodies) {
    if (typeof body.data.media === "string" && "sha256" in body.data) named.set(body.data.media, body.data.sha256);
    const policy = body.policy.split("@").at(-1);
    if (policy && !policies.has(policy)) missing.add(body.policy);
    if (body.clock.trust === "untrusted" && !anchored.has(body.clock.boot_id)) doubtful += 1;
  }
  for (const each of manifest.files) if (each.media) {
    if (named.get(each.media) !== each.sha256) report.fault(`media ${each.media}: no fact names this content`);
    else report.count("media");
  }
  for (const policy of [...missing].sort()) report.fault(`policy ${policy}: facts were judged by it, the package lacks the file with that digest`);
  if (doubtful) report.notes.push(`${doubtful} facts were stamped by an untrusted clock that no anchor set right.`);
}

function readKeys(text) {
  const found = { device: new Set(), centre: new Set() };
  text.split("\n").forEach((line, index) => {
    const words = line.split("#")[0].trim().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    const [kind, key] = words.length > 1 ? words : ["device", words[0]];
    if (!(kind in found) || !/^[0-9a-f]{64}$/.test(key)) throw new Error(`line ${index + 1}: expected "device HEX" or "centre HEX" with 64 hex digits`);
    found[kind].add(key);
  });
  return found;
}
