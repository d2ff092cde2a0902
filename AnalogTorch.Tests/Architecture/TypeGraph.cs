using Mono.Cecil;

namespace AnalogTorch.Tests.Architecture;

/// <summary>Which types of an assembly refer to which, as the compiled code says; nested types count as those that they are in.</summary>
internal sealed record TypeGraph(IReadOnlySet<(TypeGraph.Node From, TypeGraph.Node To)> Edges)
{
    /// <summary>A type that is not in another one.</summary>
    public sealed record Node(string Namespace, string Name);

    /// <summary>Reads an assembly.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="root">The namespace of its types, and of which theirs are parts.</param>
    public static TypeGraph Of(string path, string root)
    {
        using var module = ModuleDefinition.ReadModule(path);
        var edges = new HashSet<(Node, Node)>();
        foreach (var type in module.GetTypes())
        {
            if (NodeOf(type) is not { } from)
                continue;
            foreach (var reference in References(type).SelectMany(Parts))
                if (reference.Scope == module && NodeOf(reference) is { } to && to != from)
                    edges.Add((from, to));
        }
        return new(edges);

        Node? NodeOf(TypeReference type)
        {
            while (type.DeclaringType is not null)
                type = type.DeclaringType;
            return type.Namespace == root || type.Namespace.StartsWith($"{root}.", StringComparison.Ordinal) ? new(type.Namespace, type.Name) : null;
        }
    }

    /// <summary>Groups of nodes of which each can be reached from every other, of two nodes or more.</summary>
    public static IEnumerable<string[]> Circles(IReadOnlyCollection<(string From, string To)> edges)
    {
        var next = edges.ToLookup(edge => edge.From, edge => edge.To);
        var reach = next.Select(group => group.Key).ToDictionary(node => node, node =>
        {
            var (seen, open) = (new HashSet<string>(), new Stack<string>(next[node]));
            while (open.TryPop(out var other))
                if (seen.Add(other))
                    foreach (var further in next[other])
                        open.Push(further);
            return seen;
        });
        return reach.Keys.Where(node => reach[node].Contains(node))
            .Select(node => reach[node].Where(other => reach.TryGetValue(other, out var back) && back.Contains(node)).Order(StringComparer.Ordinal).ToArray())
            .Where(circle => circle.Length > 1).DistinctBy(circle => string.Join(", ", circle));
    }

    private static IEnumerable<TypeReference> References(TypeDefinition type) =>
    [
        .. type.BaseType is { } parent ? [parent] : Array.Empty<TypeReference>(), .. type.Interfaces.Select(face => face.InterfaceType),
        .. type.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType),
        .. Attributes(type), .. type.Properties.SelectMany(Attributes), .. type.Fields.SelectMany(Attributes), .. type.Fields.Select(field => field.FieldType),
        .. type.Methods.SelectMany(References),
    ];

    private static IEnumerable<TypeReference> References(MethodDefinition method) =>
    [
        method.ReturnType, .. method.Parameters.Select(parameter => parameter.ParameterType), .. Attributes(method),
        .. method.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType),
        .. method.HasBody ? method.Body.Variables.Select(variable => variable.VariableType) : [],
        .. method.HasBody ? method.Body.Instructions.SelectMany(instruction => Operands(instruction.Operand)) : [],
    ];

    private static IEnumerable<TypeReference> Attributes(ICustomAttributeProvider provider) => provider.CustomAttributes.Select(attribute => attribute.AttributeType);

    private static IEnumerable<TypeReference> Operands(object? operand) => operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [method.DeclaringType, method.ReturnType, .. method.GenericArguments],
        MethodReference method => [method.DeclaringType, method.ReturnType],
        _ => [],
    };

    /// <summary>A type, what it is made of, and what its arguments are.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        RequiredModifierType modified => [.. Parts(modified.ElementType), .. Parts(modified.ModifierType)],
        TypeSpecification specified => Parts(specified.ElementType),
        GenericParameter => [],
        _ => [type],
    };
}
