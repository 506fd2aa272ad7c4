import { dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { type CompiledCode, compiledCode } from './compiled-code.ts';
import { inExecutable, packageFolder, resourceText } from './resources.ts';

/** The build's content in a word; a run from source has none. */
declare const BUILD_ID: string;

interface Part {
  exports: unknown;
  readonly url: string;
}

/**
 * The parts of the bundle, CommonJS each, loaded when they are first asked for: from the package's folder, or from inside the executable, which
 * can import nothing but Node's own modules. Node's loader would do for a folder, but compiles everything at each start.
 */
export class Parts {
  readonly #loaded = new Map<string, Part>();
  readonly #scripts = new Map<string, Script>();
  readonly #code: CompiledCode;
  #isIncomplete = false;

  constructor(command: string) {
    this.#code = compiledCode({ build: BUILD_ID, command });
    process.once('exit', (code) => {
      // What an error compiled is not what an answer needs.
      if (this.#isIncomplete && (code === 0 || code === 1)) this.#code.keep(this.#scripts);
    });
  }

  /** What a part exports; `name` is its path in the package. */
  load(name: string): unknown {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known.exports;
    const text = resourceText(name);
    if (text === null) throw new Error(`the installation is not whole: ${name} is missing`);
    const path = inExecutable ? `/${name}` : join(packageFolder(), name);
    const part: Part = { exports: {}, url: pathToFileURL(path).href };
    this.#loaded.set(name, part);
    const requireFrom = (wanted: string): unknown =>
      wanted.startsWith('.') ? this.load(posix.join(posix.dirname(name), wanted)) : require(wanted);
    this.#compile(name, text, part.url).runInThisContext()(part.exports, requireFrom, part, path, dirname(path));
    return part.exports;
  }

  #compile(name: string, text: string, filename: string): Script {
    const cachedData = this.#code.of(name);
    const wrapped = `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
    const script = new Script(wrapped, { filename, ...(cachedData === null ? {} : { cachedData }) });
    if (cachedData === null || script.cachedDataRejected === true) {
      this.#isIncomplete = true;
      this.#scripts.set(name, script);
    }
    return script;
  }
}
