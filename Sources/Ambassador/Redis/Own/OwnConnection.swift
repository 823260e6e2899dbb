// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore

/// A connection to a server that one client has for itself, for as long as it needs it.
///
/// What waits on it delays nobody else; so it lets commands block, and lets long replies through part by part, at the
/// pace of its client.
final class OwnConnection: ShardConnection {
    let session: RedisSession
    /// Who has it; nil while it is kept for the next one.
    var client: RedisClient?
    /// It doesn't lead to where its server is now, so that nobody gets it after its client.
    var isStale = false
    /// While it is true no command on it is late.
    var isBlocking = false { didSet { updatePatience() } }
    /// While it is true a command is on its way, at the pace of its client.
    var isUploading = false { didSet { updatePatience() } }
    private let stock: OwnConnectionStock
    private var isCounted = false
    /// The command whose reply goes through part by part.
    private var passing: UInt32?
    /// The command whose long reply came before its turn.
    private var early: UInt32?
    /// Whether others have their turn before more of a long reply.
    private var isPausing = false
    /// Whether the server waits for the client.
    private var isWaiting = false {
        didSet {
            guard isWaiting != oldValue else { return }
            isReading = !isWaiting
            updatePatience()
        }
    }

    init(stock: OwnConnectionStock, server: Int, session: RedisSession, redis: RedisLoop) {
        self.stock = stock
        self.session = session
        super.init(
            server: redis.servers[server], language: .redis, opening: redis.opening.bytes(for: session),
            loop: redis.pool, counters: redis.shards.counters[server])
    }

    /// Ends it because of its client, whatever is on it.
    func abandon() {
        client = nil
        end(.abandoned)
        dismiss()
    }

    private func dismiss() {
        if isCounted { stock.dismiss() }
        isCounted = false
    }

    /// Its client has been written to, or its socket has begun or ceased to take bytes.
    func clientWrote() {
        guard let client else { return }
        let isTurn = early.map { client.turn(of: $0) != .later } ?? true
        if isTurn { early = nil }
        isWaiting = isPausing || !(isTurn && client.takesBytes)
    }

    private func pause(after bytes: Int) {
        guard !isPausing else { return }
        isPausing = loop.pause(after: bytes) { [self] in
            isPausing = false
            clientWrote()
        }
    }

    private func updatePatience() {
        let isPatient = isBlocking || isWaiting || isUploading
        if isPatient != self.isPatient { self.isPatient = isPatient }
    }

    // MARK: What differs from a connection that is shared

    override func mayOpen() -> ShardError? {
        guard !isCounted else { return nil }
        guard stock.admit() else { return .tooManyOwn(limit: loop.limits.own) }
        isCounted = true
        return nil
    }

    override func ended(_ error: ShardError) {
        dismiss()
        (passing, early) = (nil, nil)
        isWaiting = false
        isBlocking = false
        isUploading = false
        if let client { client.lost(self, error) } else { stock.forget(self) }
    }

    override func receivePush(_ bytes: inout ByteBuffer, length: Int) {
        guard let client else { return bytes.moveReaderIndex(forwardBy: length) }
        client.receivePush(&bytes, length: length, on: self)
    }

    override func receiveRefusal(_ reply: ByteBuffer, _ kind: ReplyKind) -> Bool {
        client?.receiveRefusal(reply, kind, on: self) ?? false
    }

    override func receivePart(_ bytes: inout ByteBuffer, of command: InFlight?, missing: Int) {
        guard let command else {
            // A message is relayed as a whole.
            if bytes.readableBytes + missing > loop.limits.output.bytes { end(.garbage("a message is over the limit")) }
            return
        }
        guard let client, command.client === client else { return }
        let isLong = bytes.readableBytes + missing > loop.limits.shared.bytes
        guard isLong || passing == command.number else { return }
        client.receivesLongReply()
        restartClock()
        switch client.turn(of: command.number) {
        case .now:
            passing = command.number
            let length = framing.forget(bytes.readableBytes)
            client.receive(partOf: command.number, from: &bytes, length: length)
            pause(after: length)
            isWaiting = isPausing || !client.takesBytes
        case .later where bytes.readableBytes > loop.limits.shared.bytes:
            // No more than this is held of a reply that comes before its turn.
            early = command.number
            isWaiting = true
        case .later, .never: break
        }
    }
}
