// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Builds nodes from events. An anchor is known from the end of its node on, so that no node can contain itself.
struct YAMLComposer {
    private struct Anchored {
        var node: DocumentNode
        var nodeCount: Int
    }

    private let events: YAMLEvents
    private var anchors: [String: Anchored] = [:]
    private var nodeCount = 0
    private var depth = 0

    init(events: YAMLEvents) { self.events = events }

    mutating func documents() throws(Problem) -> [DocumentNode] {
        var documents: [DocumentNode] = []
        while true {
            switch try events.next().content {
            case .streamEnd: return documents
            case .documentStart:
                anchors = [:]
                documents.append(try node(startingWith: try events.next()))
            default: continue
            }
        }
    }

    private mutating func node(startingWith event: YAMLEvent) throws(Problem) -> DocumentNode {
        if case .alias(let name) = event.content { return try alias(name, at: event.location) }
        let nodeCountBefore = nodeCount
        try count(1, at: event.location)
        let node = DocumentNode(try content(of: event), at: event.location)
        if let name = event.anchor {
            anchors[name] = Anchored(node: node, nodeCount: nodeCount - nodeCountBefore)
        }
        return node
    }

    private mutating func alias(_ name: String, at location: SourceLocation) throws(Problem) -> DocumentNode {
        guard let anchored = anchors[name] else {
            throw Problem(location, key: "", "found the alias *\(name), expected an anchor &\(name) before it")
        }
        try count(anchored.nodeCount, at: location)
        return anchored.node
    }

    private mutating func count(_ nodes: Int, at location: SourceLocation) throws(Problem) {
        nodeCount += nodes
        guard nodeCount <= YAML.nodesMax else {
            throw Problem(
                location, key: "", "found more than \(YAML.nodesMax) values, counting what aliases stand for")
        }
    }

    private mutating func content(of event: YAMLEvent) throws(Problem) -> DocumentNode.Content {
        switch event.content {
        case .scalar(let text, let isPlain):
            return .scalar(text, isQuoted: try isText(event, isPlain: isPlain))
        case .sequenceStart:
            try refuseTag(of: event, unless: "tag:yaml.org,2002:seq")
            return .sequence(try nested(at: event.location) { (composer) throws(Problem) in try composer.items() })
        case .mappingStart:
            try refuseTag(of: event, unless: "tag:yaml.org,2002:map")
            return .mapping(try nested(at: event.location) { (composer) throws(Problem) in try composer.entries() })
        default:
            preconditionFailure("libyaml began a node with the event \(event.content)")
        }
    }

    private mutating func nested<Part>(
        at location: SourceLocation, _ body: (inout YAMLComposer) throws(Problem) -> Part
    ) throws(Problem) -> Part {
        depth += 1
        defer { depth -= 1 }
        guard depth <= YAML.depthMax else {
            throw Problem(location, key: "", "found more than \(YAML.depthMax) lists and tables inside each other")
        }
        return try body(&self)
    }

    private mutating func items() throws(Problem) -> [DocumentNode] {
        var items: [DocumentNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.content { return items }
            items.append(try node(startingWith: event))
        }
    }

    private mutating func entries() throws(Problem) -> [DocumentNode.Entry] {
        var entries: [DocumentNode.Entry] = []
        var places: [String: SourceLocation] = [:]
        while true {
            let event = try events.next()
            if case .mappingEnd = event.content { return entries }
            let key = try key(try node(startingWith: event), at: event.location)
            if let first = places.updateValue(event.location, forKey: key) {
                throw Problem(event.location, key: key, "found a second time, expected once; it is at \(first) already")
            }
            let value = try node(startingWith: try events.next())
            entries.append(DocumentNode.Entry(key: key, keyLocation: event.location, value: value))
        }
    }

    private func key(_ node: DocumentNode, at location: SourceLocation) throws(Problem) -> String {
        guard case .scalar(let text, let isQuoted) = node.content, isQuoted || !text.isEmpty else {
            throw Problem(location, key: "", "found \(node.summary) as a key, expected text")
        }
        guard isQuoted || text != "<<" else {
            throw Problem(location, key: "<<", "found a merge key, expected the keys themselves")
        }
        return text
    }
}

// MARK: - Tags

extension YAMLComposer {
    /// Whether a scalar is text for certain, as quotes and `!!str` say. The other tags of YAML's own scalars ask for
    /// what a plain scalar is anyway.
    private func isText(_ event: YAMLEvent, isPlain: Bool) throws(Problem) -> Bool {
        switch event.tag {
        case nil: return !isPlain
        case "!", "tag:yaml.org,2002:str": return true
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
            return false
        case .some(let tag): throw unknownTag(tag, at: event.location)
        }
    }

    private func refuseTag(of event: YAMLEvent, unless known: String) throws(Problem) {
        guard let tag = event.tag, tag != "!", tag != known else { return }
        throw unknownTag(tag, at: event.location)
    }

    private func unknownTag(_ tag: String, at location: SourceLocation) -> Problem {
        Problem(location, key: "", "found the tag \(Problem.quote(tag)), expected no tag or one of YAML's own types")
    }
}
