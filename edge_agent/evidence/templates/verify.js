// Verifies an evidence package in a browser, without a network: the same checks as verify.py, in the same words.
// Golden packages hold both to the same result.
"use strict";

const MANIFEST = "manifest.json", SIGNATURE = "manifest.sig";
const MOST_RATIO = 200, SMALL = 1 << 20, MOST_FILES = 200000, MOST_WHOLE = 1.5e9;
const DOCUMENTS = [".html", ".xlsx", ".pdf", ".py", ".jsonl", ".toml", ".json"];
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }), encoder = new TextEncoder();
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
    return /^[0-9a-f]{128}$/.test(signature) && await verifyAsync(unhex(signature), text, unhex(key));
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

// The zip is read byte by byte, as verify.py does: every byte is a file's content or a field that both headers must say alike.
const gb = new TextDecoder("gb18030");
const DAMAGED = "压缩包目录已损坏 / the zip's directory is damaged";
const NARROW = 0xffffffff, ZIP64 = 1, TIMES = new Set([0x5455, 0x7875, 0x000a]), KNOWN_FLAGS = 0x806;

function nameOf(raw, flags) {
  if (flags & 0x800) return utf8.decode(raw);
  try { return utf8.decode(raw); } catch { return gb.decode(raw); }
}

function widen(view, start, length, values, name) {
  for (let at = start, end = start + length; at < end; ) {
    if (at + 4 > end) throw new Error(DAMAGED);
    const kind = view.getUint16(at, true), size = view.getUint16(at + 2, true);
    if (at + 4 + size > end || (kind !== ZIP64 && !TIMES.has(kind))) throw new Error(`${name}: 压缩包中有多余内容 / the zip says more of it than it may`);
    if (kind === ZIP64) {
      const wide = values.flatMap((value, index) => (value === NARROW ? [index] : []));
      if (size !== 8 * wide.length) throw new Error(DAMAGED);
      wide.forEach((index, field) => { values[index] = Number(view.getBigUint64(at + 4 + 8 * field, true)); });
    }
    at += 4 + size;
  }
  return values;
}

const stray = (size, at) => size < 0 ? `zip: 文件在 ${at} 处重叠 / files overlap at ${at}` : `zip: ${at} 处有 ${size} 字节不属于任何文件 / ${size} bytes at ${at} belong to no file`;

class ZipPackage {
  static async open(file, report) {
    const self = new ZipPackage();
    self.file = file;
    self.report = report;
    self.entries = new Map();
    self.seen = new Set();
    self.made = new Map();
    const [count, size, offset] = await self.end();
    await self.list(await self.view(offset, size), count, offset);
    return self;
  }

  async view(start, size) {
    if (start < 0 || size < 0 || start + size > this.file.size) throw new Error("压缩包不完整 / the zip is cut short");
    return new DataView(await this.file.slice(start, start + size).arrayBuffer());
  }

  async end() {
    const tail = await this.view(this.file.size - 22, 22);
    if (tail.getUint32(0, true) !== 0x06054b50) throw new Error("结尾不对：不完整，或末尾有多余内容 / not a zip's end: cut short, or more after it");
    const [disk, first, small, total] = [4, 6, 8, 10].map((field) => tail.getUint16(field, true));
    let own = small, count = total, size = tail.getUint32(12, true), offset = tail.getUint32(16, true), end = this.file.size - 22;
    const comment = tail.getUint16(20, true);
    const locator = end >= 20 ? await this.view(end - 20, 20) : null;
    if (locator && locator.getUint32(0, true) === 0x07064b50) {
      const at = Number(locator.getBigUint64(8, true));
      end -= 20 + 56;
      const large = await this.view(at, 56), wide = [24, 32, 40, 48].map((field) => Number(large.getBigUint64(field, true)));
      if (at !== end || locator.getUint32(4, true) || locator.getUint32(16, true) !== 1 || large.getUint32(0, true) !== 0x06064b50 || large.getBigUint64(4, true) !== 44n || large.getUint32(16, true) || large.getUint32(20, true)) throw new Error(DAMAGED);
      if ([[own, 0xffff], [count, 0xffff], [size, NARROW], [offset, NARROW]].some(([value, limit], index) => value !== wide[index] && value !== limit)) throw new Error(DAMAGED);
      [own, count, size, offset] = wide;
    }
    if (offset + size < end && !(disk || first || comment) && own === count) throw new Error(stray(end - offset - size, 0));
    if (disk || first || comment || own !== count || offset + size !== end) throw new Error(DAMAGED);
    if (count > MOST_FILES) throw new Error(`超过 ${MOST_FILES} 个文件 / more than ${MOST_FILES} entries`);
    return [count, size, offset];
  }

  async list(view, count, offset) {
    const entries = [];
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) throw new Error(DAMAGED);
      const short = (field) => view.getUint16(at + field, true), long = (field) => view.getUint32(at + field, true);
      const [nameSize, extraSize, commentSize] = [28, 30, 32].map(short);
      if (at + 46 + nameSize + extraSize > view.byteLength) throw new Error(DAMAGED);
      const entry = { made: short(4), needed: short(6), flags: short(8), method: short(10), time: short(12), date: short(14), crc: long(16), attributes: long(38), place: at };
      if (entry.flags & 1) throw new Error("压缩包已加密：请先用密码解压（7-Zip），再校验文件夹 / the zip is encrypted: unpack it with its password (7-Zip), then verify the folder");
      entry.name = nameOf(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameSize), entry.flags);
      [entry.size, entry.packed, entry.offset] = widen(view, at + 46 + nameSize, extraSize, [long(24), long(20), long(42)], entry.name);
      if (commentSize || short(34) || short(36) > (extraSize ? 1 : 0)) this.report.fault(`${entry.name}: 压缩包目录中有多余内容 / the zip's directory says more than it may`);
      entries.push(entry);
      at += 46 + nameSize + extraSize + commentSize;
    }
    if (at !== view.byteLength) this.report.fault(stray(view.byteLength - at, offset + at));
    const laid = [...entries].sort((one, other) => one.offset - other.offset || one.place - other.place);
    let place = 0;
    for (const entry of laid) {
      if (entry.offset !== place) this.report.fault(stray(entry.offset - place, Math.min(entry.offset, place)));
      place = await this.member(entry);
    }
    if (place !== offset) this.report.fault(stray(offset - place, Math.min(offset, place)));
    const counts = new Map(), likely = new Map();
    for (const made of this.made.values()) counts.set(made, (counts.get(made) ?? 0) + 1);
    for (const [made] of [...counts].sort((one, other) => one[1] - other[1])) likely.set(made.split(" ")[0], made);
    for (const [name, made] of this.made) if (made !== likely.get(made.split(" ")[0])) this.report.fault(`${name}: 压缩包中的文件属性被改动 / its attributes in the zip were changed`);
  }

  async member(entry) {
    const { name, flags, method, packed, size } = entry;
    const head = await this.view(entry.offset, 30), short = (field) => head.getUint16(field, true), long = (field) => head.getUint32(field, true);
    const nameSize = short(26), extraSize = short(28), after = await this.view(entry.offset + 30, nameSize + extraSize);
    const [ownSize, ownPacked] = widen(after, nameSize, extraSize, [long(22), long(18)], name);
    const start = entry.offset + 30 + nameSize + extraSize;
    const alike = [[short(4), entry.needed], [short(6), flags], [short(8), method], [short(10), entry.time], [short(12), entry.date], [long(14), entry.crc], [ownPacked, packed], [ownSize, size], [nameOf(new Uint8Array(after.buffer, 0, nameSize), short(6)), name]].every(([one, other]) => one === other);
    if (long(0) !== 0x04034b50 || !alike) this.report.fault(`${name}: 压缩包中两处文件头不一致 / the zip's two headers disagree on it`);
    else if (name.startsWith("/") || name.split("/").includes("..") || name.includes("\\") || name.includes("\0") || /^[A-Za-z]:/.test(name)) this.report.fault(`${name}: 路径越出证据包 / a path that leaves the package`);
    else if (((entry.attributes >>> 16) & 0xf000) === 0xa000) this.report.fault(`${name}: 是链接，不是文件 / a link, not a file`);
    else if (this.seen.has(name)) this.report.fault(`${name}: 在压缩包中出现两次 / stands twice in the zip`);
    else if (size > SMALL && size > MOST_RATIO * packed) this.report.fault(`${name}: 解压炸弹，${packed} 字节解出 ${size} / a zip bomb`);
    else if ((flags & ~KNOWN_FLAGS) || (method !== 0 && method !== 8)) this.report.fault(`${name}: 未知的压缩方式 ${method} / packed by an unknown method`);
    else if (name.endsWith("/")) { if (size || packed) this.report.fault(`${name}: 文件夹带有内容 / a folder with content`); }
    else {
      this.entries.set(name, { method, packed, size, crc: entry.crc, start });
      this.made.set(name, `${entry.needed} ${entry.made} ${entry.attributes}`);
    }
    this.seen.add(name);
    return start + packed;
  }

  names() { return [...this.entries.keys()]; }

  async read(name) {
    const entry = this.entries.get(name);
    if (!entry) throw new Error(ABSENT(name));
    if (entry.size > MOST_WHOLE) throw new Error(`${name}: 过大，浏览器无法校验，请用 verify.py / too large for a browser, use verify.py`);
    const raw = this.file.slice(entry.start, entry.start + entry.packed), broken = `${name}: 已损坏，无法读取 / damaged, can't be read`;
    let bytes;
    if (entry.method === 0) {
      if (raw.size !== entry.size) throw new Error(broken);
      bytes = new Uint8Array(await raw.arrayBuffer());
    } else {
      // Read piece by piece: what unpacks to more than it said must not fill the memory first.
      bytes = new Uint8Array(entry.size);
      let at = 0;
      try {
        const reader = raw.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
          if (at + piece.value.length > entry.size) { await reader.cancel(); throw new Error(broken); }
          bytes.set(piece.value, at);
          at += piece.value.length;
        }
      } catch { throw new Error(broken); }
      if (at !== entry.size) throw new Error(broken);
    }
    if (crc32(bytes) !== entry.crc) throw new Error(broken);
    return bytes;
  }
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => { for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1; return byte; });
function crc32(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) crc = CRC[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
const ABSENT = (name) => `${name}: 缺少，不是（完整的）证据包 / is missing: not an evidence package, or not all of one`;

class FolderPackage {
  constructor(files) {
    this.files = new Map([...files].map((file) => [file.webkitRelativePath.split("/").slice(1).join("/"), file]));
  }
  names() { return [...this.files.keys()]; }
  async read(name) {
    const file = this.files.get(name);
    if (!file) throw new Error(ABSENT(name));
    return new Uint8Array(await file.arrayBuffer());
  }
}

async function lines(source, name) {
  if (!source.names().includes(name)) return [];
  source.reading = name; // what is being made sense of, to be named where that fails
  return utf8.decode(await source.read(name)).split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

async function verifyPackage(name, open, keys, receipt = null, progress = () => {}) {
  const report = new Report();
  let source;
  try {
    source = await open(report);
    source.reading = MANIFEST;
    const manifest = JSON.parse(utf8.decode(await source.read(MANIFEST)));
    await checkFiles(source, manifest, report, progress);
    const chain = await checkChain(source, manifest, report);
    const trusted = await checkKeys(chain, manifest, keys, report);
    await checkManifestSignature(source, trusted.present, report);
    await checkSeals(source, chain, new Set([...trusted.present, ...trusted.earlier]), report);
    const covered = await checkCountersignatures(source, chain, keys, receipt, report);
    source.reading = manifest.chain.file;
    checkMedia(manifest, chain, report);
    checkStamps(manifest, chain, report);
    countTaps(chain, report);
    report.proven = keys.device.size > 0 && (covered !== null || !keys.centre.size) && !report.faults.length;
    if (!keys.device.size) report.notes.push("没有给出设备公钥，来源未证实 / No key of the device was given: consistent, origin unproven.");
    if (covered === null) report.notes.push("没有中心回签，不能排除设备重新签名 / No countersignature of the centre covers it: re-signing by the device can't be excluded.");
    else {
      const later = [...chain.links.keys()].filter((place) => after(place.split("/").map(Number), covered)).length;
      if (later) report.notes.push(`最后 ${later} 条记录在中心回签之后 / ${later} facts follow the newest countersignature.`);
    }
  } catch (error) {
    const own = error instanceof Error && error.constructor === Error;
    report.fault(own ? `${name}: ${error.message}` : `${source ? source.reading : name}: 已损坏 / damaged`);
  }
  return report;
}

const after = (one, other) => one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);

async function checkFiles(source, manifest, report, progress) {
  const listed = new Map(manifest.files.map((each) => [each.path, each]));
  if (listed.size !== manifest.files.length) report.fault(`${MANIFEST}: 重复列出同一文件 / names a file twice`);
  const present = new Set(source.names());
  const found = [...present].filter((name) => listed.has(name)), wanted = [...listed.keys()].filter((name) => present.has(name));
  if (source instanceof ZipPackage && found.some((name, index) => name !== wanted[index])) report.notes.push("文件的次序与清单不同：重新打包过 / The files lie in another order than listed: packed anew.");
  for (const name of [...present].sort()) if (!listed.has(name) && name !== MANIFEST && name !== SIGNATURE) report.fault(`${name}: 清单中没有，是后加的 / added, the manifest does not know it`);
  let done = 0;
  for (const [name, each] of listed) {
    progress((done += 1) / listed.size);
    if (!present.has(name)) { report.fault(`${name}: 缺少，已被移除 / removed`); continue; }
    let bytes;
    try { bytes = await source.read(name); } catch (error) { report.fault(error.message); continue; }
    if (hex(await sha256(bytes)) !== each.sha256 || bytes.length !== each.size) report.fault(`${name}: 内容已被改动 / changed`);
    else if (!each.media && !DOCUMENTS.some((suffix) => name.endsWith(suffix))) report.fault(`${name}: 没有记录说明它的来源 / no fact names this content`);
    else report.count("files");
  }
}

const genesis = (agent, epoch) => sha256(encoder.encode(`edge_agent journal\n${agent}\n${epoch}`));

async function checkChain(source, manifest, report) {
  const chain = { agent: manifest.agent, links: new Map(), bodies: [], last: [0, 0] };
  let { epoch, seq, link } = manifest.chain.start;
  link = unhex(link);
  if (seq === 0 && hex(link) !== hex(await genesis(chain.agent, epoch))) report.fault("facts: 起点不是本设备的 / the start is not this agent's genesis");
  for (const line of await lines(source, manifest.chain.file)) {
    if (line.e !== epoch) {
      if (line.e < epoch || line.s !== 1) report.fault(`fact ${line.e}/${line.s}: 次序中断 / epoch ${line.e} does not follow ${epoch}/${seq}`);
      checkNewEpoch(line, [epoch, seq], chain, report);
      epoch = line.e; seq = 0; link = await genesis(chain.agent, epoch);
    }
    if (line.s !== seq + 1) report.fault(`fact ${epoch}/${line.s}: 记录缺失或次序被改动 / ${epoch}/${seq + 1} is missing or out of order`);
    seq = line.s;
    const digest = "d" in line ? unhex(line.d) : await sha256(encoder.encode(line.b));
    const place = new DataView(new ArrayBuffer(8));
    place.setBigUint64(0, BigInt(seq));
    link = await sha256(concat(link, new Uint8Array(place.buffer), digest));
    chain.links.set(`${epoch}/${seq}`, hex(link));
    if ("b" in line) {
      const body = JSON.parse(line.b);
      if (body.agent !== chain.agent || body.epoch !== epoch || body.seq !== seq) report.fault(`fact ${epoch}/${seq}: 属于别处 / its body belongs to ${body.agent} ${body.epoch}/${body.seq}`);
      chain.bodies.push(body);
    }
    report.count("facts");
  }
  chain.last = [epoch, seq];
  const end = manifest.chain.end;
  if (epoch !== end.epoch || seq !== end.seq || hex(link) !== end.link) report.fault(`facts: 记录链末端与清单不符 / the chain ends at ${epoch}/${seq}, not at the manifest's ${end.epoch}/${end.seq}`);
  return chain;
}

function checkNewEpoch(line, last, chain, report) {
  const said = "b" in line ? JSON.parse(line.b) : {};
  if (said.kind !== "epoch.started") { report.fault(`fact ${line.e}/${line.s}: 不是新纪元的首条 / does not start an epoch`); return; }
  const { old_epoch: epoch, old_seq: seq, old_head: head } = said.data, known = chain.links.get(`${epoch}/${seq}`);
  if (known !== undefined && known !== head) report.fault(`fact ${line.e}/1: 与此前的记录不符 / the old head ${epoch}/${seq} that it names differs`);
  else if (epoch !== null && seq !== null && after([epoch, seq], last)) report.notes.push(`设备从备份恢复，${last[0]}/${last[1]} 之后至 ${epoch}/${seq} 的记录不在包中 / The device was restored from a backup: the facts up to ${epoch}/${seq} are not in the package.`);
}

async function checkKeys(chain, manifest, keys, report) {
  const named = new Set(manifest.keys), present = new Set(keys.device.size ? keys.device : named), earlier = new Set();
  const changes = [...manifest.rotations, ...chain.bodies.filter((body) => body.kind === "seal.key").map((body) => body.data)];
  for (let round = 0; round < changes.length; round += 1) for (const each of changes) {
    const text = encoder.encode(`edge_agent seal-key v1\n${each.old_public}\n${each.public}`);
    if (present.has(each.old_public) && await signedBy(each.old_public, text, each.signature)) present.add(each.public);
    else if (present.has(each.public) || earlier.has(each.public)) earlier.add(each.old_public);
  }
  for (const key of [...named].sort()) if (!present.has(key) && !earlier.has(key)) report.fault(`${MANIFEST}: 密钥 ${key.slice(0, 16)}… 不是给出的公钥，也无其担保：来自别的设备，或密钥丢失后换过 / is not the key given, nor vouched for by it: another device, or a key that replaced a lost one`);
  return { present, earlier };
}

async function checkManifestSignature(source, trusted, report) {
  if (!source.names().includes(SIGNATURE)) { report.fault(`${SIGNATURE}: 缺少，已被移除 / removed`); return; }
  source.reading = SIGNATURE;
  const raw = utf8.decode(await source.read(SIGNATURE)), given = JSON.parse(raw);
  const text = encoder.encode("edge_agent package v1\n" + hex(await sha256(await source.read(MANIFEST))));
  if (raw !== `{"key": "${given.key}", "signature": "${given.signature}"}`) report.fault(`${SIGNATURE}: 内容已被改动 / changed`);
  else if (!trusted.has(given.key)) report.fault(`${SIGNATURE}: 由未知密钥签名 / signed by the unknown key ${given.key.slice(0, 16)}…`);
  else if (!await signedBy(given.key, text, given.signature)) report.fault(`${MANIFEST}: 内容已被改动，签名不符 / changed, its signature does not hold`);
  else report.count("package signature");
}

async function checkSeals(source, chain, trusted, report) {
  for (const seal of await lines(source, "proof/seals.jsonl")) {
    const said = JSON.parse(seal.payload), where = `seal over ${said.epoch}/${said.seq}`;
    if (!trusted.has(seal.key)) report.fault(`${where}: 由未知密钥签名 / signed by the unknown key ${seal.key.slice(0, 16)}…`);
    else if (!await signedBy(seal.key, encoder.encode("edge_agent seal v1\n" + seal.payload), seal.signature)) report.fault(`${where}: 签名不符 / its signature does not hold`);
    else if (compareHead(chain, said, said.seq, where, report)) report.count("seals");
  }
  if (!report.checked.seals) report.fault("proof/seals.jsonl: 没有有效的设备签章 / no seal of the device holds");
}

async function checkCountersignatures(source, chain, keys, receipt, report) {
  let covered = null;
  const centre = new Map();
  for (const key of keys.centre) centre.set(hex(await sha256(unhex(key))).slice(0, 16), key);
  const given = await lines(source, "proof/countersignatures.jsonl");
  if (receipt) given.push(receipt);
  for (const line of given) {
    const said = JSON.parse(line.payload), where = `countersignature over ${said.epoch}/${said.upto}`;
    const held = compareHead(chain, said, said.upto, where, report);
    if (!centre.has(line.key)) {
      if (centre.size) report.fault(`${where}: 由未知密钥签名 / signed by the unknown key ${line.key}`);
      continue;
    }
    const signature = hex(Uint8Array.from(atob(line.signature), (character) => character.charCodeAt(0)));
    if (!await signedBy(centre.get(line.key), encoder.encode("edge_agent ack v1\n" + line.payload), signature)) report.fault(`${where}: 签名不符 / its signature does not hold`);
    else if (held) {
      report.count("countersignatures");
      if (covered === null || after([said.epoch, said.upto], covered)) covered = [said.epoch, said.upto];
    }
  }
  return covered;
}

function compareHead(chain, said, seq, where, report) {
  const known = chain.links.get(`${said.epoch}/${seq}`);
  if (said.agent !== chain.agent) report.fault(`${where}: 属于别的设备 / belongs to another device, ${said.agent}`);
  else if (after([said.epoch, seq], chain.last)) report.fault(`${where}: 记录链被截断 / the chain was cut, it ends at ${chain.last[0]}/${chain.last[1]}`);
  else if (known !== undefined && known !== said.head) report.fault(`${where}: 记录链被改动或重新签名 / the chain was altered or signed anew, its link differs`);
  else return known !== undefined;
  return false;
}

function checkMedia(manifest, chain, report) {
  const digests = new Map(manifest.files.filter((each) => each.media).map((each) => [each.media, each.sha256]));
  const absent = new Set(manifest.missing_media.map((each) => each.media)), named = new Map(), pictures = new Map();
  for (const { kind, data } of chain.bodies) {
    if (kind === "retention.deleted" || kind === "media.lost") absent.add(data.media);
    else if (typeof data.media === "string" && "sha256" in data) {
      named.set(data.media, data.sha256);
      if (kind === "snapshot.taken" || kind === "clip.kept") pictures.set(data.media, data.slot);
    }
  }
  for (const [media, digest] of digests) {
    if (named.get(media) !== digest) report.fault(`media ${media}: 没有记录说明它的来源 / no fact names this content`);
    else report.count("media");
  }
  for (const [media, slot] of pictures) if (!digests.has(media) && !absent.has(media)) report.fault(`media ${media}: 抓拍 ${slot} 有记录而文件不在包中 / its fact is here, its file is not`);
  for (const each of manifest.missing_media) report.notes.push(`导出时设备上已缺 ${each.path} / ${each.path} was missing when the package was made.`);
}

function countTaps(chain, report) {
  const wrong = new Set(chain.bodies.filter((body) => body.kind === "attendance.corrected").map((body) => body.data.names));
  for (const body of chain.bodies) if ((body.kind === "attendance.signed_in" || body.kind === "attendance.signed_out") && !wrong.has(`${body.epoch}/${body.seq}`)) {
    report.count(body.kind.endsWith("in") ? "sign-ins" : "sign-outs");
    if (body.data.method === "manual") report.count("by hand");
  }
}

function checkStamps(manifest, chain, report) {
  const policies = new Set(manifest.files.filter((each) => each.path.startsWith("proof/policies/")).map((each) => each.sha256));
  const judged = new Set(chain.bodies.map((body) => body.policy).filter(Boolean));
  for (const policy of [...judged].sort()) if (!policies.has(policy.split("@").at(-1))) report.fault(`policy ${policy}: 包中缺少判定所用的政策文件 / the package lacks the file that judged`);
  const anchored = new Set(chain.bodies.filter((body) => body.kind === "clock.anchor").map((body) => body.data.boot_id));
  const doubtful = chain.bodies.filter((body) => body.clock.trust === "untrusted" && !anchored.has(body.clock.boot_id)).length;
  if (doubtful) report.notes.push(`${doubtful} 条记录产生时时钟不可信且未校准 / ${doubtful} facts were stamped by an untrusted clock that no anchor set right.`);
}

function readKeys(text) {
  const found = { device: new Set(), centre: new Set() };
  text.split("\n").forEach((line, index) => {
    const words = line.split("#")[0].trim().split(/\s+/).filter(Boolean);
    if (!words.length) return;
    const kind = words.length > 1 ? words[0] : "device", key = words.at(-1).toLowerCase();
    if (words.length > 2 || !Object.hasOwn(found, kind) || !/^[0-9a-f]{64}$/.test(key)) throw new Error(`第 ${index + 1} 行：应为 device 或 centre 加 64 位十六进制公钥 / line ${index + 1}: expected "device HEX" or "centre HEX" with 64 hex digits`);
    found[kind].add(key);
  });
  return found;
}
