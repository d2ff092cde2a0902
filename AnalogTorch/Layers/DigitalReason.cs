using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Why a module with parameters stays digital.</summary>
internal static class DigitalReason
{
    /// <summary>Torch's names of products, and those that the build leads them to, by torch's name.</summary>
    private static readonly Dictionary<string, string> Products = new()
    {
        ["MatMul"] = "matmul",
        ["Mm"] = "mm",
        ["Mv"] = "mv",
        ["Bmm"] = "bmm",
        ["Inner"] = "inner",
        ["AddMm"] = "addmm",
        ["AddMv"] = "addmv",
        ["BAddBmm"] = "baddbmm",
        ["AddBmm"] = "addbmm",
        ["TensorDot"] = "tensordot",
        ["Einsum"] = "einsum",
        ["Linear"] = "linear",
        ["Attention"] = "scaled_dot_product_attention",
        ["Bilinear"] = "bilinear",
    };

    private static readonly HashSet<string> TorchProducts = [.. Products.Values];
    private static readonly ConcurrentDictionary<Type, (string Name, bool IsLed)[]> ProductsByType = [];

    /// <summary>Matrices that a module of a user's keeps in buffers, as layers without gradients do.</summary>
    public static IEnumerable<Tensor> MatricesInBuffers(nn.Module module) =>
        module.GetType().Assembly == typeof(nn.Module).Assembly || module.GetType().Assembly == typeof(DigitalReason).Assembly
            ? []
            : module.named_buffers(recurse: false).Select(entry => entry.buffer).Where(buffer => buffer.dim() == 2 && buffer.is_floating_point() && buffer.shape.All(size => size > 1));

    /// <summary>The products that the code of a module takes itself, by name; null for none.</summary>
    public static string? ProductsOf(nn.Module module) => Names(module, seen: true, unseen: true);

    /// <summary>Those among them that nobody can count, since the build did not lead them to this library; null for none.</summary>
    public static string? UnseenProductsOf(nn.Module module) => Names(module, seen: false, unseen: true);

    private static string? Names(nn.Module module, bool seen, bool unseen)
    {
        var type = module.GetType();
        if (type.Assembly == typeof(nn.Module).Assembly || type.Assembly == typeof(DigitalReason).Assembly)
            return null;
        var names = ProductsByType.GetOrAdd(type, Find).Where(product => product.IsLed ? seen : unseen).Select(product => product.Name)
            .Distinct().Order(StringComparer.Ordinal).ToArray();
        return names.Length == 0 ? null : string.Join(", ", names);
    }

    private static (string Name, bool IsLed)[] Find(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var nested = type.GetNestedTypes(BindingFlags.NonPublic).Where(nested => nested.Name.Contains('<', StringComparison.Ordinal));
        return
        [
            .. type.GetMethods(Own).Concat(nested.SelectMany(nested => nested.GetMethods(Own))).SelectMany(CompiledCode.Members)
                .Select(entry => entry.Member).OfType<MethodInfo>().Where(method => NameOf(method) is not null)
                .Select(method => (NameOf(method)!, method.DeclaringType == typeof(LedCalls))).Distinct(),
        ];
    }

    /// <summary>Torch's name of a product; null for any other method.</summary>
    private static string? NameOf(MethodInfo method) =>
        method.DeclaringType == typeof(LedCalls) ? Products.GetValueOrDefault(method.Name)
        : method.DeclaringType?.Assembly == typeof(nn.Module).Assembly && TorchProducts.Contains(method.Name) ? method.Name : null;

    public static string Of(nn.Module module) => module switch
    {
        Embedding => "digital: a look-up, not a product (LayerRule.Of<Embedding> puts it on an array that is read by address)",
        EmbeddingBag => "digital: a look-up, not a product",
        BatchNorm1d or BatchNorm2d or BatchNorm3d or LayerNorm or GroupNorm or InstanceNorm1d or InstanceNorm2d or InstanceNorm3d => "digital: scales and shifts, no matrix",
        PReLU => "digital: an activation",
        _ when module.GetType().Assembly != typeof(nn.Module).Assembly => "digital: parameters of its own, outside of layers",
        _ => "digital: this kind of layer is not simulated",
    };
}
