using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Why a module with parameters stays digital.</summary>
internal static class DigitalReason
{
    private static readonly HashSet<string> Products = ["matmul", "MatMul", "mm", "Mm", "bmm", "addmm", "einsum", "linear", "Linear", "scaled_dot_product_attention"];
    private static readonly ConcurrentDictionary<Type, string?> ProductsByType = [];

    /// <summary>Matrices that a module of a user's keeps in buffers, as layers without gradients do.</summary>
    public static IEnumerable<Tensor> MatricesInBuffers(nn.Module module) =>
        module.GetType().Assembly == typeof(nn.Module).Assembly || module.GetType().Assembly == typeof(DigitalReason).Assembly
            ? []
            : module.named_buffers(recurse: false).Select(entry => entry.buffer).Where(buffer => buffer.dim() == 2 && buffer.is_floating_point() && buffer.shape.All(size => size > 1));

    /// <summary>The products that the code of a module takes itself, by name; null for none.</summary>
    public static string? ProductsOf(nn.Module module)
    {
        var type = module.GetType();
        return type.Assembly == typeof(nn.Module).Assembly || type.Assembly == typeof(DigitalReason).Assembly ? null : ProductsByType.GetOrAdd(type, Find);
    }

    private static string? Find(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var nested = type.GetNestedTypes(BindingFlags.NonPublic).Where(nested => nested.Name.Contains('<', StringComparison.Ordinal));
        var names = type.GetMethods(Own).Concat(nested.SelectMany(nested => nested.GetMethods(Own))).SelectMany(CompiledCode.Members)
            .Where(entry => entry.Member is MethodInfo method && Products.Contains(method.Name)
                && (method.DeclaringType?.Assembly == typeof(nn.Module).Assembly || method.DeclaringType == typeof(LedCalls)))
            .Select(entry => entry.Member.Name.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0 ? null : string.Join(", ", names);
    }

    public static string Of(nn.Module module) => module switch
    {
        Embedding or EmbeddingBag => "digital: a look-up, not a product",
        BatchNorm1d or BatchNorm2d or BatchNorm3d or LayerNorm or GroupNorm or InstanceNorm1d or InstanceNorm2d or InstanceNorm3d => "digital: scales and shifts, no matrix",
        PReLU => "digital: an activation",
        MultiheadAttention or TransformerEncoderLayer or TransformerDecoderLayer or TransformerEncoder or TransformerDecoder or Transformer =>
            "digital: torch computes it in one piece; build it from Linear layers",
        _ when module.GetType().Assembly != typeof(nn.Module).Assembly => "digital: parameters of its own, outside of layers",
        _ => "digital: this kind of layer is not simulated",
    };
}
