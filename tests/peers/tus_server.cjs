// tus 1.0 by its authors: node tus_server.cjs PORT FOLDER
const { Server } = require("@tus/server");
const { FileStore } = require("@tus/file-store");

const [port, directory] = process.argv.slice(2);
new Server({ path: "/files", datastore: new FileStore({ directory }) }).listen(Number(port), "127.0.0.1");
