// tus 1.0 by its authors: node tus_client.cjs URL FILE METADATA AUTHORIZATION [BYTES]; breaks off after BYTES.
// Prints the upload's address, so that a second run goes on: METADATA is JSON, or the address to go on with.
const fs = require("fs");
const { Upload } = require("tus-js-client");

const [endpoint, file, described, authorization, limit] = process.argv.slice(2);
const known = described.startsWith("http");
const upload = new Upload(fs.createReadStream(file), {
  endpoint,
  uploadUrl: known ? described : null,
  metadata: known ? {} : JSON.parse(described),
  uploadSize: fs.statSync(file).size,
  headers: { Authorization: authorization },
  chunkSize: 256 * 1024,
  retryDelays: [],
  onProgress: (sent) => {
    if (limit && sent >= Number(limit)) {
      console.log(upload.url);
      process.exit(0);
    }
  },
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(upload.url),
});
upload.start();
