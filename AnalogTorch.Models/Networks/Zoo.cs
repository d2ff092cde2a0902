using System.Reflection;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Models.Networks;

/// <summary>All architectures, by name.</summary>
/// <remarks>
/// Found by looking for classes that implement <see cref="IArchitectures"/>, in this library and in whatever loaded assembly extends it.
/// The networks are ordinary modules of torch's layers with torchvision's and PyTorch's parameter names.
/// </remarks>
public static class Zoo
{
    /// <summary>Every architecture, in the order of their names.</summary>
    public static IReadOnlyList<Architecture> All =>
        [.. AppDomain.CurrentDomain.GetAssemblies()
            .Where(Extends)
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && type.IsAssignableTo(typeof(IArchitectures)))
            .SelectMany(type => (IEnumerable<Architecture>)Lister.MakeGenericMethod(type).Invoke(null, null)!)
            .OrderBy(architecture => architecture.Name, StringComparer.Ordinal)];

    private static MethodInfo Lister { get; } = typeof(Zoo).GetMethod(nameof(List), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>The architecture of this name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Architecture Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var all = All;
        return all.FirstOrDefault(architecture => architecture.Name == name)
            ?? throw new ArgumentException(
                $"Zoo has no architecture '{name}': choose one of {string.Join(", ", all.Select(architecture => architecture.Name))}.", nameof(name));
    }

    /// <summary>A network with one input and one output, such as one for images, with start values drawn from a seed.</summary>
    /// <param name="name">Name of the architecture.</param>
    /// <param name="classes">Outputs of the last layer; null means as many as published.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">There is no such architecture, it has several inputs, or the number of classes is not positive.</exception>
    public static Module<Tensor, Tensor> Create(string name, int? classes = null, long seed = 0) => Create<Module<Tensor, Tensor>>(name, classes, seed);

    /// <summary>A network as its own type, such as <see cref="CharLstm"/>.</summary>
    /// <inheritdoc cref="Create(string, int?, long)"/>
    public static T Create<T>(string name, int? classes = null, long seed = 0) where T : Module
    {
        if (classes is <= 0)
            throw new ArgumentException($"Zoo.Create needs a positive number of classes for '{name}', but got {classes}; Zoo.Backbone builds a network without last layer.", nameof(classes));
        return Build<T>(name, classes, seed);
    }

    private static T Build<T>(string name, int? classes, long seed) where T : Module
    {
        var architecture = Find(name);
        var network = architecture.Build(classes ?? architecture.Outputs, seed);
        if (network is T asked)
            return asked;
        network.Dispose();
        throw new ArgumentException(
            $"Architecture '{name}' takes {architecture.Inputs.Count} input(s) and builds {network.GetType().Name}, not {typeof(T).Name}: "
            + $"ask for Zoo.Create<{network.GetType().Name}>(\"{name}\").",
            nameof(name));
    }

    /// <summary>A network for images without its last layer, which gives the features that the last layer would see.</summary>
    /// <param name="name">Name of the architecture.</param>
    /// <param name="seed">Seed of the start values.</param>
    /// <exception cref="ArgumentException">There is no such architecture, or it is not for images.</exception>
    public static ImageNetwork Backbone(string name, long seed = 0)
    {
        if (Find(name).Image is null)
        {
            throw new ArgumentException(
                $"Zoo.Backbone takes an architecture for images, but '{name}' is for something else: "
                + $"choose one of {string.Join(", ", All.Where(architecture => architecture.Image is not null).Select(architecture => architecture.Name))}.",
                nameof(name));
        }
        return Build<ImageNetwork>(name, classes: 0, seed);
    }

    private static IEnumerable<Architecture> List<T>() where T : IArchitectures => T.Architectures;

    private static bool Extends(Assembly assembly)
    {
        var library = typeof(Zoo).Assembly;
        return assembly == library
            || (!assembly.IsDynamic && assembly.GetReferencedAssemblies().Any(name => name.Name == library.GetName().Name));
    }
}
