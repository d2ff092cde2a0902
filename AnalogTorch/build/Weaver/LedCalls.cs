using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace AnalogTorch.Weaver;

/// <summary>The calls of a module that are led elsewhere.</summary>
/// <param name="module">The module that is woven.</param>
/// <param name="library">The class whose methods calls are led to.</param>
internal sealed class LedCalls(ModuleDefinition module, TypeDefinition library)
{
    private const string Torch = "TorchSharp", Packed = "PackedSequence";

    /// <summary>Static methods and those of tensors and modules, by declaring type, name and number of parameters.</summary>
    private static readonly Dictionary<(string Type, string Name, int Parameters), string> Plain = new()
    {
        [("functional", "linear", 3)] = "Linear",
        [("functional", "conv1d", 7)] = "Conv1d",
        [("functional", "conv2d", 7)] = "Conv2d",
        [("functional", "conv3d", 7)] = "Conv3d",
        [("functional", "conv_transpose1d", 8)] = "ConvTranspose1d",
        [("functional", "conv_transpose2d", 8)] = "ConvTranspose2d",
        [("functional", "conv_transpose3d", 8)] = "ConvTranspose3d",
        [("functional", "bilinear", 4)] = "Bilinear",
        [("functional", "scaled_dot_product_attention", 6)] = "Attention",
        [("ConvTranspose1d", "forward", 2)] = "ForwardTo",
        [("ConvTranspose2d", "forward", 2)] = "ForwardTo",
        [("ConvTranspose3d", "forward", 2)] = "ForwardTo",
        [("ConvolutionTranspose", "forward", 2)] = "ForwardTo",
        [("TransformerEncoderLayer", "call", 2)] = "CallMasked",
        [("TransformerEncoderLayer", "call", 3)] = "CallMasked",
        [("Transformer", "call", 8)] = "CallMasked",
        [("torch", "matmul", 2)] = "MatMul",
        [("Tensor", "matmul", 1)] = "MatMul",
        [("torch", "mm", 2)] = "Mm",
        [("Tensor", "mm", 1)] = "Mm",
        [("torch", "mv", 2)] = "Mv",
        [("Tensor", "mv", 1)] = "Mv",
        [("torch", "bmm", 2)] = "Bmm",
        [("Tensor", "bmm", 1)] = "Bmm",
        [("torch", "inner", 2)] = "Inner",
        [("Tensor", "inner", 1)] = "Inner",
        [("torch", "addmm", 5)] = "AddMm",
        [("Tensor", "addmm", 4)] = "AddMm",
        [("torch", "addmv", 5)] = "AddMv",
        [("Tensor", "addmv", 4)] = "AddMv",
        [("torch", "baddbmm", 5)] = "BAddBmm",
        [("Tensor", "baddbmm", 4)] = "BAddBmm",
        [("torch", "addbmm", 5)] = "AddBmm",
        [("Tensor", "addbmm", 4)] = "AddBmm",
        [("torch", "tensordot", 3)] = "TensorDot",
        [("Tensor", "tensordot", 2)] = "TensorDot",
        [("torch", "einsum", 2)] = "Einsum",
        [("torch", "tensordot", 4)] = "TensorDot",
        [("utils", "clip_grad_norm_", 3)] = "ClipGradNorm",
        [("utils", "clip_grad_value_", 2)] = "ClipGradValue",
        [("Module", "zero_grad", 1)] = "ZeroGrad",
        [("Module", "load", 4)] = "Load",
        [("Module", "load_state_dict", 3)] = "LoadStateDict",
    };

    /// <summary>Leads the calls of a method.</summary>
    /// <returns>How many.</returns>
    public int Lead(MethodDefinition method)
    {
        var led = 0;
        var processor = method.Body.GetILProcessor();
        foreach (var instruction in method.Body.Instructions.ToArray())
        {
            if (instruction.Operand is not MethodReference called || !IsTorch(called.DeclaringType) || instruction.Previous?.OpCode == OpCodes.Constrained)
                continue;
            var isCall = instruction.OpCode == OpCodes.Callvirt || (instruction.OpCode == OpCodes.Call && !IsCallOfBase(method, instruction, called));
            var isDelegate = instruction.OpCode == OpCodes.Ldvirtftn && instruction.Previous?.OpCode == OpCodes.Dup;
            if ((!isCall && !isDelegate) || Target(called) is not { } target)
                continue;
            (instruction.OpCode, instruction.Operand) = (isCall ? OpCodes.Call : OpCodes.Ldftn, target);
            if (isDelegate)
                processor.Remove(instruction.Previous); // what was kept for the look-up of the virtual method
            led++;
        }
        return led;
    }

    private static bool IsTorch(TypeReference? type) => type?.GetElementType() is { } element && (element.DeclaringType is { } outer ? IsTorch(outer) : element.Scope.Name == Torch);

    /// <summary>Whether a class that derives from torch's own runs what it inherits, which its own tiles are not about.</summary>
    private static bool IsCallOfBase(MethodDefinition method, Instruction call, MethodReference called) =>
        called.HasThis && method.HasThis && called.Name == method.Name && method.DeclaringType.BaseType is not null && call.OpCode == OpCodes.Call;

    private MethodReference? Target(MethodReference called)
    {
        if (called.Name == "forward" && called.HasThis && Forward(called) is { } forward)
            return forward;
        if (called.Name == "call" && called.HasThis && called.Parameters is [{ ParameterType.Name: Packed }, _])
            return Import(library.Methods.Single(method => method.Name == "CallPacked" && method.Parameters[0].ParameterType.Name == called.DeclaringType.Name));
        return !Plain.TryGetValue((called.DeclaringType.Name, called.Name, called.Parameters.Count), out var name)
            ? null
            : library.Methods.Where(method => method.Name == name && Fits(method, called)).Select(Import).SingleOrDefault();
    }

    /// <summary>Whether a method of the library takes what another takes, the object itself first.</summary>
    private static bool Fits(MethodDefinition method, MethodReference called)
    {
        var given = called.Parameters.Select(parameter => parameter.ParameterType.FullName);
        if (called.HasThis)
            given = given.Prepend(called.DeclaringType.FullName);
        return method.Parameters.Select(parameter => parameter.ParameterType.FullName).SequenceEqual(given) && method.ReturnType.FullName == called.ReturnType.FullName;
    }

    private MethodReference? Forward(MethodReference called)
    {
        var arguments = called.DeclaringType is GenericInstanceType generic && generic.ElementType.Name.StartsWith("Module`", StringComparison.Ordinal)
            ? [.. generic.GenericArguments]
            : Arguments(called);
        var method = library.Methods.SingleOrDefault(method => method.Name == "Forward" && method.GenericParameters.Count == arguments.Length);
        return method is null ? null : Import(method).MakeGeneric(arguments);
    }

    /// <summary>What torch's class is a module of, if its <c>forward</c> takes just that.</summary>
    private static TypeReference[] Arguments(MethodReference called)
    {
        for (var type = called.DeclaringType.Resolve(); type is not null; type = type.BaseType?.Resolve())
        {
            if (type.BaseType is GenericInstanceType module && module.ElementType.Name.StartsWith("Module`", StringComparison.Ordinal))
            {
                return module.GenericArguments.Count == called.Parameters.Count + 1
                    && module.GenericArguments.Zip(called.Parameters).All(pair => pair.First.FullName == pair.Second.ParameterType.FullName)
                    ? [.. called.Parameters.Select(parameter => parameter.ParameterType), called.ReturnType]
                    : [];
            }
        }
        return [];
    }

    private MethodReference Import(MethodDefinition method) => module.ImportReference(method);
}

internal static class MethodReferences
{
    public static MethodReference MakeGeneric(this MethodReference method, TypeReference[] arguments)
    {
        var instance = new GenericInstanceMethod(method);
        foreach (var argument in arguments)
            instance.GenericArguments.Add(argument);
        return instance;
    }
}
