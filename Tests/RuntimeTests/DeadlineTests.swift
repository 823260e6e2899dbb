// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Runtime

struct DeadlineTests {
    private struct Broken: Error {}

    /// Longer than any test runs: work that isn't given up in time fails its test by the time it takes.
    private static let forever = Duration.seconds(3600)

    @Test func `work within its limit gives its result`() async throws {
        #expect(try await withDeadline(.seconds(60)) { 7 } == 7)
    }

    @Test func `an error of the work is thrown as it is`() async {
        await #expect(throws: Broken.self) { try await withDeadline(.seconds(60)) { throw Broken() } }
    }

    @Test func `work that takes longer is given up, with the limit in the error`() async {
        let error = await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(10)) { try await Task.sleep(for: Self.forever) }
        }
        #expect(error?.limit == .milliseconds(10))
        #expect(error?.description == "it took longer than 0.01 seconds")
    }

    @Test func `work that doesn't heed its cancellation isn't waited for`() async {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let (ends, ended) = AsyncStream.makeStream(of: Bool.self)
        await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(10)) {
                // A task of its own doesn't learn of the cancellation.
                await Task { for await _ in gate {} }.value
                ended.yield(Task.isCancelled)
                ended.finish()
            }
        }
        opened.finish()
        for await wasCancelled in ends { #expect(wasCancelled) }
    }

    @Test func `the cancellation of the waiting task reaches the work`() async {
        let (ends, ended) = AsyncStream.makeStream(of: Void.self)
        let waiting = Task {
            try await withDeadline(Self.forever) {
                try? await Task.sleep(for: Self.forever)
                ended.finish()
            }
        }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        for await _ in ends {}
    }
}

struct ShutdownRequestTests {
    @Test func `a wish that came before somebody waits isn't lost`() async {
        let shutdown = ShutdownRequest()
        shutdown.request()
        #expect(await shutdown.wishes.first { _ in true } == .graceful)
    }

    @Test func `a forced wish gets through behind however many graceful ones`() async {
        let shutdown = ShutdownRequest()
        for _ in 0..<100 { shutdown.request() }
        shutdown.request(.forced)
        #expect(await shutdown.wishes.contains(.forced))
    }

    @Test func `who waits goes on when it is cancelled`() async {
        let shutdown = ShutdownRequest()
        let waiting = Task { for await _ in shutdown.wishes {} }
        waiting.cancel()
        await waiting.value
    }
}
