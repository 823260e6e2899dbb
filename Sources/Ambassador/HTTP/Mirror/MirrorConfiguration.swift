// SPDX-License-Identifier: Apache-2.0

package import Core

/// Who gets copies of requests, and what is made of the answers.
package struct MirrorConfiguration: Sendable, Equatable {
    /// The upstream that gets them; nil is none.
    package var to: String? = nil
    /// The part of the requests that is copied.
    package var percent = Percentage.all
    /// What is copied; without any it is all, or GET and HEAD if answers are compared.
    package var methods: [String] = []
    /// The host that the copies name; nil is the host that the request names.
    package var host: String? = nil
    /// How long the shadow may take for one request, from the moment in which that is ready to be sent.
    package var timeout = Duration.seconds(5)
    /// Copies that wait or are on their way, on one event loop, and how many times `body` is kept of requests that
    /// pass. Beyond it requests are not copied.
    package var queue = 100
    /// Bytes that are kept of one request or one response. What is longer is not copied, or not compared.
    package var body = ByteCount.kibibytes(256)
    /// Whether the answers of both are compared.
    package var compare = false
    /// What may differ.
    package var ignore: [IgnoredPlace] = []
    /// One of so many compared requests is asked of its own upstream a second time, to learn what differs anyway.
    package var noiseEvery = 1
    /// Differences that are kept to be shown.
    package var samples = 50

    package init() {}
}
