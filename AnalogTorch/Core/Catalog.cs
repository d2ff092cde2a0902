using System.Reflection;

namespace AnalogTorch.Core;

/// <summary>Finds the variants of every config family, in this library and in whatever assembly extends it.</summary>
public static class Catalog
{
    /// <summary>The sealed records that derive from <typeparamref name="TFamily"/>, by name.</summary>
    public static IReadOnlyList<Type> Variants<TFamily>() where TFamily : HardwareConfig => Variants(typeof(TFamily));

    /// <summary>The sealed records that derive from <paramref name="family"/>, by name, of all assemblies that are loaded by now.</summary>
    public static IReadOnlyList<Type> Variants(Type family) =>
        [.. AppDomain.CurrentDomain.GetAssemblies()
            .Where(Extends)
            .SelectMany(TypesOf)
            .Where(type => type is { IsSealed: true, IsAbstract: false, ContainsGenericParameters: false } && family.IsAssignableFrom(type))
            .OrderBy(type => type.Name, StringComparer.Ordinal).ThenBy(type => type.AssemblyQualifiedName, StringComparer.Ordinal)];

    /// <summary>One instance of every variant of a family, with its default parameters.</summary>
    public static IEnumerable<TFamily> Defaults<TFamily>() where TFamily : HardwareConfig =>
        Variants<TFamily>().Select(type => (TFamily)Activator.CreateInstance(type)!);

    private static bool Extends(Assembly assembly)
    {
        var library = typeof(Catalog).Assembly;
        return assembly == library || assembly.IsDynamic // which does not say what it refers to
            || assembly.GetReferencedAssemblies().Any(name => name.Name == library.GetName().Name);
    }

    /// <summary>The types of an assembly, without those that need another one which is not there.</summary>
    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException broken)
        {
            return broken.Types.OfType<Type>();
        }
    }
}
