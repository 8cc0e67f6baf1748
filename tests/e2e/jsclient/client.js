// A Matrix client on matrix-js-sdk with its Rust cryptography, which is what Element Web runs on.
//
// Reads one request as JSON on each line of standard input, `{"id": 1, "do": "vote", …}`, and writes
// `{"id": 1, "result": …}` or `{"id": 1, "error": "…"}` for it. Events of rooms are written as they come, in the
// order of the timeline, `{"event": {…}}`: again when a key that came late makes one readable.
// All keys are in memory and end with the process.

import "./console.js";
import { createInterface } from "node:readline";
import * as sdk from "matrix-js-sdk";
import { PollEndEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollEndEvent.js";
import { PollResponseEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollResponseEvent.js";
import { PollStartEvent } from "matrix-js-sdk/lib/extensible_events_v1/PollStartEvent.js";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { PollEvent } from "matrix-js-sdk/lib/models/poll.js";

logger.setLevel("warn");

let client;
// One after the other: decrypting takes different times, and tests look at what came after what.
let publishing = Promise.resolve();

const requests = {
    async login({ homeserver, user, password }) {
        const asking = sdk.createClient({ baseUrl: homeserver });
        const login = await asking.loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
            initial_device_display_name: "matrix-js-sdk",
        });
        client = sdk.createClient({
            baseUrl: homeserver,
            userId: login.user_id,
            deviceId: login.device_id,
            accessToken: login.access_token,
            timelineSupport: true,
        });
        await client.initRustCrypto({ useIndexedDB: false });
        client.on(sdk.RoomEvent.Timeline, (event) => event.status ?? publish(event));
        client.on(sdk.RoomEvent.LocalEchoUpdated, (event) => event.status ?? publish(event));
        client.on(sdk.MatrixEventEvent.Decrypted, (event) => event.status ?? publish(event));
        const prepared = new Promise((resolve) => {
            client.on(sdk.ClientEvent.Sync, (state) => state === "PREPARED" && resolve());
        });
        await client.startClient({ initialSyncLimit: 100 });
        await prepared;
        return { mxid: login.user_id, device_id: login.device_id, access_token: login.access_token };
    },

    async join({ room }) {
        await client.joinRoom(room);
        while (!(await isReady(client.getRoom(room)))) await once(client, sdk.ClientEvent.Sync);
        return null;
    },

    async send({ room, type, content }) {
        return (await client.sendEvent(room, type, content)).event_id;
    },

    async redact({ room, event }) {
        return (await client.redactEvent(room, event)).event_id;
    },

    async open_poll({ room, question, answers, max_selections: most }) {
        return send(room, PollStartEvent.from(question, answers, sdk.M_POLL_KIND_DISCLOSED, most));
    },

    async vote({ room, poll, answers }) {
        return send(room, PollResponseEvent.from(answers, poll));
    },

    async end_poll({ room, poll, text }) {
        return send(room, PollEndEvent.from(poll, text));
    },

    // Which responses count is the SDK's Poll model; that of several by one person the last counts is added as
    // Element Web's view of a poll adds it.
    async tally({ room, poll: id }) {
        const poll = client.getRoom(room)?.polls.get(id);
        if (!poll) throw new Error(`the SDK knows no poll ${id}`);
        const responses = await poll.getResponses();
        while (poll.isFetchingResponses) await once(poll, PollEvent.Responses);
        const latest = new Map();
        for (const event of responses.getRelations()) {
            const other = latest.get(event.getSender());
            if (!other || other.getTs() < event.getTs()) latest.set(event.getSender(), event);
        }
        const votes = Object.fromEntries(poll.pollEvent.answers.map((answer) => [answer.id, []]));
        for (const [sender, event] of latest) {
            const response = event.unstableExtensibleEvent;
            response.validateAgainst(poll.pollEvent);
            if (!response.spoiled) response.answerIds.forEach((answer) => votes[answer].push(sender));
        }
        return {
            question: poll.pollEvent.question.text,
            answers: poll.pollEvent.answers.map(({ id, text }) => ({ id, text, voters: votes[id].sort() })),
            ended: poll.isEnded,
            unreadable: poll.undecryptableRelationsCount,
        };
    },
};

// Whether a sync has brought the membership, and the cryptography knows of the room.
async function isReady(room) {
    if (room?.getMyMembership() !== "join") return false;
    return !room.hasEncryptionStateEvent() || client.getCrypto().isEncryptionEnabledInRoom(room.roomId);
}

async function send(room, event) {
    const { type, content } = event.serialize();
    return (await client.sendEvent(room, type, content)).event_id;
}

function once(emitter, name) {
    return new Promise((resolve) => emitter.once(name, resolve));
}

function publish(event) {
    publishing = publishing.then(async () => {
        await client.decryptEventIfNeeded(event);
        const relation = event.getWireContent()["m.relates_to"];
        write({
            event: {
                event_id: event.getId(),
                room_id: event.getRoomId(),
                sender: event.getSender(),
                type: event.isDecryptionFailure() ? "m.room.encrypted" : event.getType(),
                content: { ...event.getOriginalContent(), ...(relation && { "m.relates_to": relation }) },
                origin_server_ts: event.getTs(),
                state_key: event.getStateKey() ?? null,
                was_encrypted: event.isEncrypted(),
            },
        });
    });
}

function write(line) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function answer(line) {
    const { id, do: name, ...parameters } = JSON.parse(line);
    try {
        write({ id, result: await requests[name](parameters) });
    } catch (error) {
        write({ id, error: String(error?.stack ?? error) });
    }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", answer);
// Its keys are lost with it, so there is nothing to be saved.
lines.on("close", () => process.exit(0));
