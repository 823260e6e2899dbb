// SPDX-License-Identifier: Apache-2.0

/// Commands with many keys, which would hold up everybody else.
extension RedisClient {
    /// Begins with a command that goes to its servers in slices, as those before it are answered; what follows waits
    /// for its reply.
    func begin(_ sliced: consuming SlicedCommand) {
        let use = useOwn()
        sliced.number = expectReply(sliced.replies)
        // The part that stands for slices to come isn't sent to anybody.
        loop.clients.fragments -= 1
        use.sliced = sliced
        beginMidReply(sliced.number)
        hold(.order)
        sendSlice(use)
    }

    /// Sends the next slice, if the one before has been answered and the client takes what that brought.
    func sendSlice(_ use: OwnUse) {
        guard var sliced = use.sliced, sliced.replies.awaitsSlice, takesBytes else { return }
        let parts = sliced.next(ring: redis.ring, random: &redis.random)
        sliced.replies.begin(parts, isLast: sliced.isOver)
        loop.clients.fragments += UInt64(parts.parts.count)
        use.sliced = sliced.isOver ? nil : sliced
        send(parts, sliced.found, number: sliced.number)
    }
}
