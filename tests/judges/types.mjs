// Whether a request or an answer has the form that a provider's own package for Node says it must have: the package's types, and TypeScript's
// compiler on a file that is nowhere but in memory.
import { join } from 'node:path';
import ts from 'typescript';

const here = import.meta.dirname;
const BODIES = {
    openai: "import type { ChatCompletionCreateParams as Body } from 'openai/resources/chat/completions';",
    responses: "import type { ResponseCreateParams as Body } from 'openai/resources/responses/responses';",
    anthropic: "import type { MessageCreateParams as Body } from '@anthropic-ai/sdk/resources/messages';",
    ollama: "import type { ChatRequest as Body } from 'ollama';",
    // what OpenAI's API answers; output_text is put in by the package
    completion: "import type { ChatCompletion as Body } from 'openai/resources/chat/completions';",
    chunk: "import type { ChatCompletionChunk as Body } from 'openai/resources/chat/completions';",
    response: "import type { Response } from 'openai/resources/responses/responses';\ntype Body = Omit<Response, 'output_text'>;",
    event: `import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
type Whole<E> = E extends { response: Response } ? Omit<E, 'response'> & { response: Omit<Response, 'output_text'> } : E;
type Body = Whole<ResponseStreamEvent>;`,
    embeddings: "import type { CreateEmbeddingResponse as Body } from 'openai/resources/embeddings';",
    models: "import type { Model } from 'openai/resources/models';\ntype Body = { object: 'list'; data: Model[] };",
};
const options = {
    noEmit: true, strict: true, skipLibCheck: true, types: [], lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022,
};

/** What is wrong with each of `bodies` ({name, api, body}): an object of lists of words by name, empty when all is well. */
export function faults(bodies) {
    const files = new Map(bodies.map(({ name, api, body }) => [
        join(here, `${name}.ts`), `${BODIES[api]}\nexport const body: Body = ${JSON.stringify(body, null, 1)};\n`,
    ]));
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile } = host;
    host.fileExists = (path) => files.has(path) || fileExists(path);
    host.readFile = (path) => files.get(path) ?? readFile(path);
    const found = {};
    for (const one of ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))) {
        const name = one.file ? one.file.fileName.slice(here.length + 1, -3) : 'program';
        (found[name] ??= []).push(ts.flattenDiagnosticMessageText(one.messageText, '\n'));
    }
    return found;
}
