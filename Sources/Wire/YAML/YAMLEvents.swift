// SPDX-License-Identifier: Apache-2.0

internal import CYAML
internal import Core

/// One step of a YAML text, copied out of libyaml's memory.
struct YAMLEvent {
    enum Content {
        case streamStart, streamEnd, documentStart, documentEnd
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        case alias(String)
    }

    var content: Content
    var anchor: String?
    var tag: String?
    /// `[…]` and `{…}`; `---`, `...` and directives.
    var isFlow = false
    var isMark = false
    var location: SourceLocation
}

extension YAMLEvent {
    /// What of this is more than blocks and scalars; nil if nothing is.
    fileprivate var beyondBlocks: String? {
        if case .alias(let name) = content { return "the alias *\(name)" }
        if let anchor { return "the anchor &\(anchor)" }
        if let tag { return "the tag \(Problem.quote(tag))" }
        if isFlow { return "a list or a table in brackets" }
        return isMark ? "a mark of a document" : nil
    }
}

/// libyaml's parser as a source of events. All pointers of this target are in this file.
///
/// The buffer must outlive it; libyaml reads from it in place.
final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeBufferPointer<UInt8>
    private let file: String
    private let dialect: YAML.Dialect

    init(_ input: UnsafeBufferPointer<UInt8>, file: String, dialect: YAML.Dialect = .all) {
        self.dialect = dialect
        self.input = input
        self.file = file
        parser = .allocate(capacity: 1)
        // libyaml fails here only when it gets no memory, where Swift itself would stop as well.
        precondition(yaml_parser_initialize(parser) == 1, "libyaml could not get memory for a parser")
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    func next() throws(Problem) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxProblem }
        defer { yaml_event_delete(&event) }
        let copy = copy(event)
        if dialect == .blocks, let found = copy.beyondBlocks {
            throw Problem(copy.location, key: "", "found \(found), expected blocks and scalars only")
        }
        return copy
    }

    private func copy(_ event: yaml_event_t) -> YAMLEvent {
        var copy = YAMLEvent(content: .streamEnd, location: location(event.start_mark))
        switch event.type {
        case YAML_STREAM_START_EVENT: copy.content = .streamStart
        case YAML_DOCUMENT_START_EVENT:
            copy.content = .documentStart
            copy.isMark = event.data.document_start.implicit == 0
        case YAML_DOCUMENT_END_EVENT:
            copy.content = .documentEnd
            copy.isMark = event.data.document_end.implicit == 0
        case YAML_SEQUENCE_END_EVENT: copy.content = .sequenceEnd
        case YAML_MAPPING_END_EVENT: copy.content = .mappingEnd
        case YAML_ALIAS_EVENT: copy.content = .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let value = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            copy.content = .scalar(
                String(decoding: value, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            copy.anchor = text(scalar.anchor)
            copy.tag = text(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            copy.content = .sequenceStart
            copy.anchor = text(event.data.sequence_start.anchor)
            copy.tag = text(event.data.sequence_start.tag)
            copy.isFlow = event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
        case YAML_MAPPING_START_EVENT:
            copy.content = .mappingStart
            copy.anchor = text(event.data.mapping_start.anchor)
            copy.tag = text(event.data.mapping_start.tag)
            copy.isFlow = event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
        default: copy.content = .streamEnd
        }
        return copy
    }

    private func text(_ pointer: UnsafePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }

    private func location(_ mark: yaml_mark_t) -> SourceLocation {
        .file(file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// libyaml's own sentence, with its context where it gives one.
    private var syntaxProblem: Problem {
        let parser = parser.pointee
        var sentence = parser.problem.map { String(cString: $0) } ?? "the text could not be read"
        if let context = parser.context { sentence += " (\(String(cString: context)))" }
        return Problem(problemLocation, key: "", "found text that is not YAML: \(sentence)")
    }

    private var problemLocation: SourceLocation {
        let parser = parser.pointee
        guard parser.error == YAML_READER_ERROR else { return location(parser.problem_mark) }
        // For a byte that isn't text libyaml knows the offset only.
        let before = input.prefix(Int(parser.problem_offset))
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return .file(file, line: line, column: column)
    }
}
