// Waiting for something to become true. The limit only ends a test that would hang; no test asserts how long a thing took.
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 20;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is true (or something like it) and gives that answer. */
export async function until(ask, what, limit = LIMIT_MS) {
    const end = Date.now() + limit;
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await sleep(LOOK_EVERY_MS);
    }
}

/** The promise, or an error that says what did not come. */
export async function within(promise, what, limit = LIMIT_MS) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), limit);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}
