using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Finds places in the compiled code of a model where a layer may be bypassed: torch runs no hooks for <c>forward</c>, functions and packed sequences.</summary>
/// <remarks>
/// Code that the build step led to <see cref="LedCalls"/> has no such places but where it works with a layer's weights itself. Of other code, a call of
/// <c>forward</c> on a field is refused at once; where it cannot be said which layer is meant, as in a loop, <see cref="PassWatch"/> looks at every pass.
/// </remarks>
internal static class ForwardCalls
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, Finding[]> Findings = [];

    /// <summary>Refuses a model whose code would bypass layers that are to be converted.</summary>
    /// <param name="layers">The layers to convert, by name.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidOperationException">There is such a layer.</exception>
    public static void Refuse(IReadOnlyList<(string Path, nn.Module Module)> layers, nn.Module model)
    {
        var led = Led(layers);
        foreach (var (_, module) in AnalogLayer.Modules(model))
        {
            foreach (var (type, finding) in Of(module))
            {
                if (finding is { Kind: Bypass.Forward, Field: { } field } && field.GetValue(module) is nn.Module layer && led.TryGetValue(layer, out var name))
                {
                    throw new InvalidOperationException(
                        $"{name} cannot be put on a tile as it is: {type.Name} runs it by {field.Name}.forward(...), which bypasses the tile; write {field.Name}.call(...), "
                        + $"{Alias(layer)}let the build lead such calls ({BuildStep}), or leave it digital with LayerRule.Digital(\"{name}\").");
                }
            }
        }
    }

    /// <summary>Layers that code of the model may bypass although nothing says so for sure, each with the module whose code it is.</summary>
    /// <param name="layers">The layers that are on tiles, by name.</param>
    /// <param name="model">The model.</param>
    public static IEnumerable<(nn.Module Owner, string Layer, nn.Module Module, string How)> Suspects(IReadOnlyList<(string Path, nn.Module Module)> layers, nn.Module model)
    {
        var led = Led(layers);
        foreach (var (_, module) in AnalogLayer.Modules(model))
        {
            foreach (var (type, finding) in Of(module))
            {
                var meant = finding.Field is { } field
                    ? field.GetValue(module) is nn.Module layer ? [layer] : []
                    : AnalogLayer.Modules(module).Select(entry => entry.Module);
                foreach (var candidate in meant)
                    if (led.TryGetValue(candidate, out var name) && finding.Reaches(candidate))
                        yield return (module, name, candidate, $"{type.Name}.{finding.Method} {finding.How}");
            }
        }
    }

    /// <summary>What is to be done about code whose calls were not led.</summary>
    internal static string BuildStep => "<Import Project=\"PATH/AnalogTorch/build/Reference.props\" /> in the project";

    private static Dictionary<nn.Module, string> Led(IReadOnlyList<(string Path, nn.Module Module)> layers) =>
        layers.Where(layer => layer.Module.GetType().Assembly != typeof(ForwardCalls).Assembly)
            .ToDictionary(layer => layer.Module, layer => layer.Path, (IEqualityComparer<nn.Module>)ReferenceEqualityComparer.Instance);

    /// <summary>How to put this library's class in the place of torch's, where there is one.</summary>
    private static string Alias(nn.Module layer)
    {
        var name = layer.GetType().Name;
        return typeof(ForwardCalls).Assembly.GetType($"{typeof(ForwardCalls).Namespace}.Analog{name}") is { } own
            ? $"or put 'global using {name} = {own.FullName};' into the project, "
            : "";
    }

    private static IEnumerable<(Type Type, Finding Finding)> Of(nn.Module module)
    {
        for (var type = module.GetType(); type is not null && type.Assembly != typeof(nn.Module).Assembly && type != typeof(object); type = type.BaseType)
            if (type.Assembly != typeof(ForwardCalls).Assembly)
                foreach (var finding in Findings.GetOrAdd(type, Find))
                    yield return (type, finding);
    }

    private static Finding[] Find(Type type)
    {
        var nested = type.GetNestedTypes(BindingFlags.NonPublic).Where(nested => nested.Name.Contains('<', StringComparison.Ordinal));
        return [.. type.GetMethods(Own).Concat(nested.SelectMany(nested => nested.GetMethods(Own))).SelectMany(Find).Where(finding => finding.Field is null || finding.Field.DeclaringType!.IsAssignableFrom(type)).Distinct()];
    }

    /// <summary>The places of one method.</summary>
    private static IEnumerable<Finding> Find(MethodInfo method)
    {
        var receivers = new Stack<FieldInfo>(); // module fields that were loaded, and not yet called
        foreach (var (opCode, member) in CompiledCode.Members(method))
        {
            if (member is FieldInfo field && opCode == OpCodes.Ldfld && typeof(nn.Module).IsAssignableFrom(field.FieldType))
            {
                receivers.Push(field);
                continue;
            }
            if (member is not MethodInfo { IsStatic: false } called || !(typeof(nn.Module).IsAssignableFrom(called.DeclaringType) || IsMasked(called)) || called.Name is not ("forward" or "call" or "get_weight"))
                continue;
            var receiver = receivers.Count > 0 ? receivers.Pop() : null;
            var isTorch = called.DeclaringType!.Assembly == typeof(nn.Module).Assembly;
            var isKnown = receiver is not null && called.DeclaringType.IsAssignableFrom(receiver.FieldType);
            if (isTorch && called.Name == "forward" && opCode == OpCodes.Callvirt)
                yield return new(method.Name, Bypass.Forward, isKnown ? receiver : null, called.DeclaringType);
            else if (isTorch && called.Name == "call" && called.GetParameters() is [{ ParameterType: var first }, ..] && first == typeof(nn.utils.rnn.PackedSequence))
                yield return new(method.Name, Bypass.Packed, isKnown ? receiver : null, called.DeclaringType);
            else if (IsMasked(called))
                yield return new(method.Name, Bypass.Masked, isKnown ? receiver : null, called.DeclaringType);
            else if (isTorch && called.Name == "get_weight" && method.Name.Contains("forward", StringComparison.OrdinalIgnoreCase))
                yield return new(method.Name, Bypass.Weight, isKnown ? receiver : null, called.DeclaringType);
        }
    }

    /// <summary>Whether a call with masks is meant, for which torch runs no hooks: of a layer of an encoder, or of a whole transformer.</summary>
    private static bool IsMasked(MethodInfo called) =>
        called.Name == "call"
        && (called.DeclaringType is { IsInterface: true } contract
            ? contract.IsAssignableFrom(typeof(TransformerEncoderLayer)) && called.GetParameters().Length > 1
            : (called.DeclaringType == typeof(TransformerEncoderLayer) && called.GetParameters().Length > 1) || (called.DeclaringType == typeof(Transformer) && called.GetParameters().Length > 2));

    /// <summary>How code goes round a tile.</summary>
    private enum Bypass
    {
        Forward,
        Packed,
        Masked,
        Weight,
    }

    /// <summary>A place where a layer may be bypassed.</summary>
    /// <param name="Method">The method.</param>
    /// <param name="Kind">How.</param>
    /// <param name="Field">The field that holds the layer; null where it cannot be said.</param>
    /// <param name="Receiver">The class whose method is called.</param>
    private sealed record Finding(string Method, Bypass Kind, FieldInfo? Field, Type Receiver)
    {
        public string How => Kind switch
        {
            Bypass.Forward => "runs a layer by forward(...)",
            Bypass.Packed => "runs a layer on a packed sequence",
            Bypass.Masked => "runs a layer with masks",
            _ => "takes a layer's weight",
        };

        public bool Reaches(nn.Module layer) => Receiver.IsInstanceOfType(layer);
    }
}
