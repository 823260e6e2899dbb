// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import FoundationEssentials
internal import Glibc
internal import WireYAML

/// A file or a folder that the configuration names.
struct ConfigurationFile {
    /// The most YAML files that one folder may hold.
    static let folderFilesMax = 1000

    var path: String
    /// Who named it: a problem with opening it is a problem there.
    var origin: SourceLocation
    var key: String

    /// The YAML documents of the file.
    func documents(_ dialect: YAML.Dialect = .all) throws(Problem) -> [DocumentNode] {
        try YAML.documents(in: try bytes(), file: path, dialect: dialect)
    }

    /// The file itself, or the YAML files of the folder, ordered by name; folders inside it are left out, as in Dapr.
    func files() throws(Problem) -> [ConfigurationFile] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw systemProblem(errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [self] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw Problem(origin, key: key, "found \(Problem.quote(path)), expected a folder that can be read")
        }
        let yaml = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        guard yaml.count <= Self.folderFilesMax else {
            throw Problem(
                origin, key: key,
                "found \(yaml.count) YAML files in \(Problem.quote(path)), expected at most \(Self.folderFilesMax)")
        }
        let folder = path.hasSuffix("/") ? path : path + "/"
        return yaml.map { ConfigurationFile(path: folder + $0, origin: origin, key: key) }
    }

    /// The file's bytes, up to one more than YAML takes, so that too large a file is told apart without being read.
    private func bytes() throws(Problem) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw systemProblem(errno) }
        defer { close(file) }
        let capacity = YAML.bytesMax + 1
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < capacity {
            let count = read(file, &chunk, min(chunk.count, capacity - bytes.count))
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw systemProblem(errno)
            }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private func systemProblem(_ code: Int32) -> Problem {
        let sentence = String(cString: strerror(code))
        return Problem(origin, key: key, "found \(Problem.quote(path)), expected a file that can be read: \(sentence)")
    }
}
