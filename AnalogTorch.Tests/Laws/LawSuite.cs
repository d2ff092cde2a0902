using System.Reflection;
using AnalogTorch.Core;
using AnalogTorch.Layers;

namespace AnalogTorch.Laws;

/// <summary>Something that holds for every variant of a family, and the variant that it is to hold for.</summary>
/// <param name="Name">What holds.</param>
/// <param name="Family">The family, such as <c>PulsedDevice</c>.</param>
/// <param name="Variant">The variant.</param>
/// <param name="Check">Throws, with what was found, if it does not hold.</param>
public sealed record Law(string Name, Type Family, Type Variant, Action Check)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Variant.Name}: {Name}";
}

/// <summary>The laws of an assembly: those of the families that its types belong to.</summary>
/// <remarks>
/// A law is a public static method of a static class whose name ends with <c>Laws</c>, with one parameter, the family; it is found by that. It is tried on
/// the default of every variant, which <see cref="Catalog"/> finds, and fails by throwing, so that any test framework can run it, or none.
/// </remarks>
public static class LawSuite
{
    private static readonly MethodInfo[] Methods =
    [
        .. typeof(LawSuite).Assembly.GetTypes().Where(type => type is { IsPublic: true, IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Laws"))
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.ReturnType == typeof(void) && method.GetParameters().Length == 1),
    ];

    /// <summary>Every law of every variant that an assembly adds.</summary>
    /// <param name="assembly">The assembly.</param>
    public static IReadOnlyList<Law> Of(Assembly assembly) =>
    [
        .. from variant in Catalog.Variants(typeof(HardwareConfig)).Concat(Catalog.Variants(typeof(LayerKind)))
           where variant.Assembly == assembly && variant.GetConstructor(Type.EmptyTypes) is not null
           from method in Methods
           let family = method.GetParameters()[0].ParameterType
           where family.IsAssignableFrom(variant)
           select new Law(method.Name, family, variant, () => Try(method, variant)),
    ];

    private static void Try(MethodInfo method, Type variant) =>
        method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Activator.CreateInstance(variant)], null);
}
