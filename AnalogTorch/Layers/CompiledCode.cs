using System.Reflection;
using System.Reflection.Emit;

namespace AnalogTorch.Layers;

/// <summary>Reads the compiled code of methods.</summary>
internal static class CompiledCode
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The fields that a method loads and the methods that it calls, in the order of its code.</summary>
    public static IEnumerable<(OpCode Code, MemberInfo Member)> Members(MethodInfo method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        foreach (var (opCode, token) in Instructions(code))
            if (Member(method, opCode, token) is { } member)
                yield return (opCode, member);
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
