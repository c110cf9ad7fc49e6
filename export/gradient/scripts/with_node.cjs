// Runs a gradient model in onnxruntime-web, on WebAssembly.
//
// node with_node.cjs FOLDER              prints the version of onnxruntime-web found from FOLDER
// node with_node.cjs FOLDER REQUEST.json runs the model that the request names
const fs = require("fs");
const path = require("path");

let entry;
try {
  entry = require.resolve("onnxruntime-web", { paths: [process.argv[2]] });
} catch {
  process.exit(3);
}

async function main() {
  const ort = require(entry);
  const version = ort.env.versions.web;
  if (process.argv.length < 4) {
    console.log(JSON.stringify({ version }));
    return;
  }
  const request = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = 1;
  const folder = path.dirname(process.argv[3]);
  const feeds = {};
  for (const { name, shape, file } of request.inputs) {
    const bytes = fs.readFileSync(path.join(folder, file));
    feeds[name] = new ort.Tensor("float32", new Float32Array(new Uint8Array(bytes).buffer), shape);
  }
  const session = await ort.InferenceSession.create(new Uint8Array(fs.readFileSync(request.model)));
  const { loss, gradient } = await session.run(feeds, ["loss", "gradient"]);
  fs.writeFileSync(path.join(folder, "gradient"), new Uint8Array(gradient.data.buffer));
  console.log(JSON.stringify({ version, loss: loss.data[0] }));
}

main().catch((error) => {
  console.error(String((error && error.message) || error));
  process.exitCode = 1;
});
