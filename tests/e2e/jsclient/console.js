// Standard output carries the answers, so what the SDK logs goes to standard error. Imported before the SDK,
// which keeps the console that it finds.
import { Console } from "node:console";

globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
