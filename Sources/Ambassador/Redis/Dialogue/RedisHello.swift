// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// What a client says with HELLO.
struct RedisHello {
    /// Nil: it only asks.
    let version: Int?
    private(set) var credentials: (user: String, password: String)?
    private(set) var name: ByteBuffer?

    init(_ words: [ByteBuffer]) throws(RedisDialogueError) {
        guard words.count > 1 else {
            version = nil
            return
        }
        guard let version = Int(words[1].text) else { throw .versionNumber }
        guard version == 2 || version == 3 else { throw .versionUnsupported }
        self.version = version
        var index = 2
        while index < words.count {
            switch words[index].text.uppercased() {
            case "AUTH" where index + 2 < words.count:
                credentials = (words[index + 1].text, words[index + 2].text)
                index += 3
            case "SETNAME" where index + 1 < words.count:
                name = words[index + 1]
                index += 2
            default: throw .helloOption(words[index].text)
            }
        }
    }
}
