// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import Proxying
import Telemetry

/// What a listener shows for whom nobody has given a certificate: one that we have made, and that nobody trusts.
///
/// It is kept in the data directory, so that a browser's exception for it lasts, and made anew near its end.
struct DevelopmentCertificate: Sendable, Equatable {
    /// PEM files; the texts themselves where they can't be kept.
    var certificate: String
    var key: String
    /// Why they aren't kept; nil if they are.
    var unkept: String?

    private static let secondsOfLife: Int64 = 365 * 86_400
    /// With less left than this it is made anew.
    private static let secondsLeftMin: Int64 = 30 * 86_400
    /// What clocks differ by, as between a machine and its containers.
    private static let secondsBefore: Int64 = 3600

    /// The one of this data directory, or a new one.
    ///
    /// - Parameter folder: the data directory; nil if there is none.
    init(in folder: () throws -> String, at time: UTCTime = .now()) throws {
        do {
            try self.init(keptIn: KeyFolder(path: folder() + "/tls"), at: time)
        } catch {
            try self.init(unkept: "\(error)", at: time)
        }
    }

    private init(keptIn folder: KeyFolder, at time: UTCTime) throws {
        (certificate, key) = (folder.path + "/dev-certificate.pem", folder.path + "/dev-key.pem")
        let lock = try folder.lock()
        defer { lock.release() }
        if isUsable(at: time) { return }
        let new = try Self.make(at: time)
        // The certificate comes last: with a key of another it isn't usable, and made again.
        try folder.write(new.key, to: key)
        try folder.write(new.certificate, to: certificate)
    }

    /// One that lives as long as whoever holds it.
    ///
    /// - Parameter reason: why it isn't kept.
    init(unkept reason: String, at time: UTCTime = .now()) throws {
        let new = try Self.make(at: time)
        (certificate, key, unkept) = (new.certificate, new.key, reason)
    }

    private func isUsable(at time: UTCTime) -> Bool {
        var configuration = TLSServerConfiguration()
        (configuration.certificate, configuration.key) = (certificate, key)
        let tls = try? TLSServer(configuration, TLSSource(key: "tls") { _ in nil }, at: time)
        guard let tls else { return false }
        return tls.expires.seconds - time.seconds > Self.secondsLeftMin
    }

    private static func make(at time: UTCTime) throws -> SelfSignedCertificate {
        try SelfSignedCertificate(
            names: ["localhost", "*.localhost"] + hostName, addresses: [[127, 0, 0, 1], loopback6],
            from: UTCTime(seconds: time.seconds - secondsBefore), to: UTCTime(seconds: time.seconds + secondsOfLife))
    }

    private static let loopback6 = [UInt8](repeating: 0, count: 15) + [1]

    /// This machine's name, if certificates can have it.
    private static var hostName: [String] {
        guard let name = HostName.current?.lowercased(), name != "localhost" else { return [] }
        return TLSClient.isServerName(name) ? [name] : []
    }
}

/// A folder of keys in the data directory, which several sidecars share.
private struct KeyFolder {
    let path: String

    struct Failure: Error, CustomStringConvertible {
        var description: String

        init(_ action: String, _ path: String) {
            description = "\(path) can't be \(action): \(String(cString: strerror(errno)))"
        }
    }

    init(path: String) throws(Failure) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Failure("made", path) }
    }

    /// Waits until no other sidecar makes a certificate.
    func lock() throws(Failure) -> Lock {
        let path = path + "/lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("opened", path) }
        while flock(file, LOCK_EX) != 0 {
            guard errno == EINTR else {
                close(file)
                throw Failure("locked", path)
            }
        }
        return Lock(file: file)
    }

    struct Lock {
        fileprivate var file: Int32

        func release() { close(file) }
    }

    /// The file is there whole or not at all, for its owner alone.
    func write(_ text: String, to path: String) throws(Failure) {
        let new = path + ".new"
        unlink(new)
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("written", new) }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        close(file)
        guard isWritten, rename(new, path) == 0 else { throw Failure("written", path) }
    }
}
