using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>One weight matrix of a layer, with what is added to its product.</summary>
/// <param name="Suffix">What tells the matrices of one layer apart; empty where there is one.</param>
/// <param name="Weight">Weights [outputs, …].</param>
/// <param name="Bias">Bias [outputs], or null.</param>
/// <param name="Groups">Groups of outputs that have inputs of their own.</param>
internal sealed record LayerMatrix(string Suffix, Parameter Weight, Parameter? Bias, long Groups = 1);

/// <summary>A kind of layer that can be put on tiles; a new one is one new file.</summary>
/// <remarks>
/// A kind serves torch's own sealed class, which stays in its place and is led around its <c>forward</c> by hooks, and this library's class of
/// the same name with <c>Analog</c> before it.
/// </remarks>
internal abstract class LayerKind
{
    /// <summary>All kinds.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        .. typeof(LayerKind).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(LayerKind)) && !type.IsAbstract)
            .OrderBy(type => type.Name, StringComparer.Ordinal).Select(type => (LayerKind)Activator.CreateInstance(type)!),
    ];

    /// <summary>The kind of a module, or null for one that stays digital.</summary>
    public static LayerKind? Of(nn.Module module) => All.FirstOrDefault(kind => kind.Handles(module));

    /// <summary>What a module is called where it has no name in a model.</summary>
    public static string NameOf(nn.Module module) => module.GetType().Assembly == typeof(nn.Module).Assembly ? module.GetType().Name : module.GetName();

    /// <summary>Whether a module is of this kind.</summary>
    public abstract bool Handles(nn.Module module);

    /// <summary>The weight matrices of a module.</summary>
    public abstract IEnumerable<LayerMatrix> Matrices(nn.Module module);

    /// <summary>Makes a module run on tiles, until what is returned is disposed of.</summary>
    /// <param name="module">The module.</param>
    /// <param name="tiles">One tile a matrix, in the order of <see cref="Matrices"/>.</param>
    public abstract IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles);
}

/// <summary>A layer of this library, which asks what it runs on at every call.</summary>
/// <typeparam name="TRun">What it runs on.</typeparam>
internal interface IRunsOnTiles<TRun> where TRun : class
{
    /// <summary>What the layer runs on; null while it is digital.</summary>
    TRun? Run { get; set; }

    /// <summary>Makes the layer run on tiles, until what is returned is disposed of.</summary>
    IDisposable Put(TRun run)
    {
        Run = run;
        return new Removal(() => Run = null);
    }
}

/// <summary>Something to do once, when it is over.</summary>
internal sealed class Removal(Action action) : IDisposable
{
    private Action? action = action;

    public void Dispose()
    {
        action?.Invoke();
        action = null;
    }
}
