// A mail server that we did not write (smtp-server of the Nodemailer project), on 127.0.0.1 and a free port. Certificates
// are the caller's; `on` may refuse or lose a mail.
import { SMTPServer } from 'smtp-server';

export class Mailbox {
    /**
     * `secure`: TLS from the first byte; else it is offered by STARTTLS, or not at all without `pair`. `user`: {name,
     * password}, without which nobody may send. `on(mail, count)` gives the SMTP reply code and words as an Error to
     * refuse the mail, or nothing to take it.
     */
    static async start({ pair, secure = false, user, on = () => undefined } = {}) {
        const box = new Mailbox();
        box.mails = [];
        box.logins = [];
        box.server = new SMTPServer({
            secure,
            ...(pair ? { key: pair.keyText, cert: pair.ca } : { hideSTARTTLS: true }),
            disabledCommands: [...(pair || secure ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])],
            authOptional: !user,
            disableReverseLookup: true,
            logger: false,
            onAuth({ username, password }, session, done) {
                box.logins.push({ username, secure: session.secure });
                const good = username === user.name && password === user.password;
                done(good ? null : new Error('no'), good ? { user: username } : undefined);
            },
            onData(stream, session, done) {
                const pieces = [];
                stream.on('data', (piece) => pieces.push(piece));
                stream.on('end', () => {
                    const mail = {
                        text: Buffer.concat(pieces).toString(), secure: session.secure,
                        from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map(({ address }) => address),
                    };
                    box.mails.push(mail);
                    const refusal = on(mail, box.mails.length);
                    if (refusal === 'drop') return box.#cut();
                    done(refusal);
                });
            },
        });
        box.server.on('error', () => {}); // a client that hangs up is a case of its own, not a fault of the test
        await new Promise((resolve) => box.server.listen(0, '127.0.0.1', resolve));
        box.port = box.server.server.address().port;
        return box;
    }

    /** The line goes dead before the answer. */
    #cut() {
        for (const { _socket } of this.server.connections) _socket.destroy();
    }

    stop() {
        return new Promise((resolve) => this.server.close(resolve));
    }
}

/** A reply as smtp-server wants it. */
export function refusal(code, words) {
    return Object.assign(new Error(words), { responseCode: code });
}
