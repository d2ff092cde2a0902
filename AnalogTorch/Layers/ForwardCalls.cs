using System.Reflection;
using System.Reflection.Emit;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Finds layers that a model's code runs by <c>forward</c>, which runs no hooks and so would bypass their tiles.</summary>
/// <remarks>
/// The compiled code of the modules is read: a field that holds a converted layer, and the call that takes it from the stack. Code that
/// reaches a layer in another way (through a list, say) is not seen; training then finds the digital gradient at the first step.
/// </remarks>
internal static class ForwardCalls
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>Refuses a model whose code would bypass layers that are to be converted.</summary>
    /// <param name="layers">The layers to convert, by name.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InvalidOperationException">There is such a layer.</exception>
    public static void Refuse(IReadOnlyList<(string Path, nn.Module Module)> layers, nn.Module model)
    {
        var sealedOnes = layers.Where(layer => layer.Module.GetType().Assembly == typeof(nn.Module).Assembly)
            .ToDictionary(layer => layer.Module, layer => layer.Path, (IEqualityComparer<nn.Module>)ReferenceEqualityComparer.Instance);
        foreach (var (_, module) in AnalogLayer.Modules(model))
        {
            for (var type = module.GetType(); type is not null && type.Assembly != typeof(nn.Module).Assembly && type != typeof(object); type = type.BaseType)
            {
                foreach (var field in BypassedFields(type))
                {
                    if (field.GetValue(module) is nn.Module layer && sealedOnes.TryGetValue(layer, out var name))
                    {
                        throw new InvalidOperationException(
                            $"{name} cannot be put on a tile as it is: {type.Name} runs it by {field.Name}.forward(...), which bypasses the tile; write {field.Name}.call(...), "
                            + $"{Alias(layer)}or leave it digital with LayerRule.Digital(\"{name}\").");
                    }
                }
            }
        }
    }

    /// <summary>How to put this library's class in the place of torch's, where there is one.</summary>
    private static string Alias(nn.Module layer)
    {
        var name = layer.GetType().Name;
        return typeof(ForwardCalls).Assembly.GetType($"{typeof(ForwardCalls).Namespace}.Analog{name}") is { } own
            ? $"or put 'global using {name} = {own.FullName};' into the project, "
            : "";
    }

    private static IEnumerable<FieldInfo> BypassedFields(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var methods = type.GetMethods(Own).Concat(type.GetNestedTypes(BindingFlags.NonPublic).Where(nested => nested.Name.Contains('<', StringComparison.Ordinal)).SelectMany(nested => nested.GetMethods(Own)));
        return methods.SelectMany(BypassedFields).Where(field => field.DeclaringType!.IsAssignableFrom(type)).Distinct();
    }

    /// <summary>The fields whose module a method runs by <c>forward</c>.</summary>
    private static IEnumerable<FieldInfo> BypassedFields(MethodInfo method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        var receivers = new Stack<FieldInfo>(); // module fields that were loaded, and not yet called
        foreach (var (opCode, token) in Instructions(code))
        {
            var member = Member(method, opCode, token);
            if (member is FieldInfo field && opCode == OpCodes.Ldfld && typeof(nn.Module).IsAssignableFrom(field.FieldType))
            {
                receivers.Push(field);
            }
            else if (member is MethodInfo { IsStatic: false, Name: "forward" or "call" } called && typeof(nn.Module).IsAssignableFrom(called.DeclaringType) && receivers.Count > 0)
            {
                var receiver = receivers.Pop();
                if (called.Name == "forward" && called.DeclaringType!.IsAssignableFrom(receiver.FieldType))
                    yield return receiver;
            }
        }
    }

    private static IEnumerable<(OpCode Code, int Token)> Instructions(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE && at < code.Length)
                value = unchecked((short)(0xFE00 | code[at++]));
            if (!OpCodesByValue.TryGetValue(value, out var opCode))
                yield break;
            var token = opCode.OperandType is OperandType.InlineField or OperandType.InlineMethod ? BitConverter.ToInt32(code, at) : 0;
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
            yield return (opCode, token);
        }
    }

    private static MemberInfo? Member(MethodInfo method, OpCode opCode, int token)
    {
        if (token == 0 || (opCode != OpCodes.Ldfld && opCode != OpCodes.Call && opCode != OpCodes.Callvirt))
            return null;
        try
        {
            return method.Module.ResolveMember(token, method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (Exception exception) when (exception is ArgumentException or BadImageFormatException or FileNotFoundException or TypeLoadException)
        {
            return null; // refers to what is not here
        }
    }
}
