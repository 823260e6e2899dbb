// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Synchronization

/// Gives a call to one instance of an app after the other, until one has taken it. What an app may have seen isn't sent
/// again.
package final class PeerSelection: Sendable {
    /// What became of a call that was given to one sidecar.
    package enum Outcome<Answer> {
        case answered(Answer)
        /// No app has seen the call, so another instance may get it. `isGone`: the sidecar couldn't be reached.
        case passed(InvocationError, isGone: Bool)
        case failed(InvocationError)
    }

    /// Rounds for a call that no app has seen. The second looks the callee up anew, at once; the others wait before, as
    /// Dapr's own policy does.
    private static let roundsMax = 4
    private static let pause = Duration.seconds(1)

    private let resolver: any NameResolver
    private let turn = Atomic(0)

    package init(_ resolver: any NameResolver) { self.resolver = resolver }

    package func offer<Answer>(
        _ id: String, _ namespace: String, _ send: (SidecarPeer) async -> Outcome<Answer>
    ) async throws(InvocationError) -> Answer {
        var failure = InvocationError(id, "no app with this id runs in the namespace \(namespace)")
        for round in 0..<Self.roundsMax {
            if round > 1 { do { try await Task.sleep(for: Self.pause) } catch { throw failure } }
            let peers = try await peers(id, namespace, isFresh: round > 0)
            guard !peers.isEmpty else { throw failure }
            let start = turn.wrappingAdd(1, ordering: .relaxed).oldValue & .max
            var isAnyGone = false
            for offset in peers.indices {
                switch await send(peers[(start + offset) % peers.count]) {
                case .answered(let answer): return answer
                case .failed(let error): throw error
                case .passed(let error, let isGone):
                    failure = error
                    isAnyGone = isAnyGone || isGone
                }
            }
            // An instance that refuses does so for a while; one that can't be reached may be starting.
            guard round == 0 || isAnyGone else { throw failure }
        }
        throw failure
    }

    private func peers(
        _ id: String, _ namespace: String, isFresh: Bool
    ) async throws(InvocationError) -> [SidecarPeer] {
        do {
            return try await resolver.resolve(id, namespace: namespace, isFresh: isFresh)
        } catch {
            throw InvocationError(id, "the app can't be looked up: \(error)")
        }
    }
}
