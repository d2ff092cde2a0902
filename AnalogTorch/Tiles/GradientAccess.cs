using System.Reflection;
using System.Reflection.Metadata;
using TorchSharp;

namespace AnalogTorch.Tiles;

/// <summary>Whether the program has code that looks at gradients, or changes them, between a backward pass and the step of an optimizer.</summary>
/// <remarks>
/// Pulses need inputs and errors, but not their product, whose computation costs as much as a third of a digital step. So torch is given the
/// gradients of weights in memory only in programs that can see them: those with an assembly that refers to <c>Tensor.grad</c>, to
/// <c>autograd.grad</c>, to hooks of tensors, to functions that clip, or to <c>Module.zero_grad</c>. The tables of references of all assemblies
/// tell, also of those that come later. Code that is emitted at run time has none, and says so by <see cref="Assume"/>.
/// </remarks>
public static class GradientAccess
{
    private static readonly HashSet<(string? Type, string Member)> Members =
    [
        ("Tensor", "get_grad"), ("Tensor", "set_grad"), ("Tensor", "register_hook"), ("autograd", "grad"),
        ("utils", "clip_grad_norm_"), ("utils", "clip_grad_value_"), ("Module", "zero_grad"),
    ];

    private static readonly Lock Gate = new();
    private static bool? isPossible;
    private static bool isListening;

    /// <summary>Whether gradients of weights in memory are given to torch: as found out, unless <see cref="Assume"/> says otherwise.</summary>
    public static bool IsPossible
    {
        get
        {
            if (Assumed.Value is { } assumed)
                return assumed;
            if (isPossible is { } known)
                return known;
            lock (Gate)
            {
                if (!isListening)
                    AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) =>
                    {
                        if (isPossible == false && Looks(loaded.LoadedAssembly))
                            isPossible = true;
                    };
                isListening = true;
                return isPossible ??= AppDomain.CurrentDomain.GetAssemblies().Any(Looks);
            }
        }
    }

    private static AsyncLocal<bool?> Assumed { get; } = new();

    /// <summary>Says for the present flow of control whether somebody looks at gradients, until what is returned is disposed of.</summary>
    /// <param name="looks">Whether gradients are to be given to torch.</param>
    public static IDisposable Assume(bool looks)
    {
        var former = Assumed.Value;
        Assumed.Value = looks;
        return new Reset(former);
    }

    private static unsafe bool Looks(Assembly assembly)
    {
        if (assembly.IsDynamic || assembly == typeof(GradientAccess).Assembly || assembly == typeof(torch).Assembly)
            return false;
        try
        {
            if (!assembly.GetReferencedAssemblies().Any(name => name.Name == typeof(torch).Assembly.GetName().Name))
                return false;
            if (!assembly.TryGetRawMetadata(out var blob, out var length))
                return true;
            var reader = new MetadataReader(blob, length);
            foreach (var handle in reader.MemberReferences)
            {
                var member = reader.GetMemberReference(handle);
                if (member.Parent.Kind == HandleKind.TypeReference
                    && Members.Contains((reader.GetString(reader.GetTypeReference((TypeReferenceHandle)member.Parent).Name), reader.GetString(member.Name))))
                    return true;
            }
            return false;
        }
        catch (BadImageFormatException)
        {
            return true;
        }
    }

    private sealed class Reset(bool? former) : IDisposable
    {
        public void Dispose() => Assumed.Value = former;
    }
}
