// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging

/// TLS that has been made of files, and can be made anew of them.
package protocol TLSFromFiles: AnyObject, Sendable {
    /// Where it is written in the configuration: `ambassador.http.web.tls`.
    var key: String { get }
    /// The files that it is made of.
    var files: [String] { get }

    /// Reads the files again. Connections that begin afterwards use what is in them, the others stay as they are; if
    /// something is wrong with the files, nothing changes.
    ///
    /// - Returns: Whether anything is different.
    func reload(at time: UTCTime) throws(Problems) -> Bool

    /// Says what somebody should know of these connections.
    func report(to logger: Logger)
}

extension [String?] {
    /// Those that are paths; a text in PEM stands for itself.
    var filePaths: [String] { compactMap(\.self).filter { !PEMFile.isText($0) } }
}
