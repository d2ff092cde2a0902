using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>One weight matrix of a layer, with what is added to its product.</summary>
/// <param name="Suffix">What tells the matrices of one layer apart; empty where there is one.</param>
/// <param name="Weight">Weights; [outputs, …] unless the layout says otherwise.</param>
/// <param name="Bias">Bias [outputs]; null if there is none, or if the layer adds it itself.</param>
/// <param name="Groups">Groups of outputs that have inputs of their own.</param>
internal sealed record LayerMatrix(string Suffix, Parameter Weight, Parameter? Bias, long Groups = 1)
{
    /// <summary>How the weights lie in the array.</summary>
    public MatrixLayout Layout { get; init; } = MatrixLayout.Rows;

    /// <summary>What a report says of it beside the hardware; empty for nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>Outputs of all groups.</summary>
    public long Outputs => Layout.Outputs(Weight.shape);

    /// <summary>Inputs of a group, the constant one of a bias not counted.</summary>
    public long Inputs => Layout.Inputs(Weight.shape);
}

/// <summary>An array that a layer reads: one weight matrix, or several above each other whose products meet on the same outputs.</summary>
/// <param name="Suffix">What tells the arrays of one layer apart; empty where there is one.</param>
/// <param name="Matrices">The matrices, by their place among those of the layer.</param>
/// <param name="CellUpdates">Elements that digital circuits work out from what one read gives, such as the cells of an LSTM.</param>
internal sealed record LayerArray(string Suffix, IReadOnlyList<int> Matrices, long CellUpdates = 0);

/// <summary>A call of a module that was watched.</summary>
/// <param name="Input">Shape of the input.</param>
/// <param name="WantsGradient">Whether the input wants a gradient.</param>
/// <param name="Output">Shape of the output; empty where it is more than a tensor.</param>
internal readonly record struct LayerCall(long[] Input, bool WantsGradient, long[] Output)
{
    public long InputRows => Elements(Input[..^1]);

    public long OutputElements => Elements(Output);

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>What a watched module is about to be called with.</summary>
/// <param name="X">The input; alive while the module runs.</param>
/// <param name="Hidden">The hidden state that a recurrent module starts from, if it is given one.</param>
/// <param name="Cell">The cell state that it starts from, if it is given one.</param>
internal readonly record struct LayerInput(Tensor X, Tensor? Hidden = null, Tensor? Cell = null);

/// <summary>A kind of layer that can be put on tiles; a new one is one new file.</summary>
/// <remarks>
/// A kind serves torch's own sealed class, which stays in its place and is led around its <c>forward</c> by hooks, and this library's class of
/// the same name with <c>Analog</c> before it.
/// </remarks>
internal abstract class LayerKind
{
    /// <summary>All kinds that are known by their classes; a rule may say more of others.</summary>
    public static IReadOnlyList<LayerKind> All { get; } =
    [
        .. typeof(LayerKind).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(LayerKind)) && !type.IsAbstract && type.GetConstructor(Type.EmptyTypes) is not null)
            .OrderBy(type => type.Name, StringComparer.Ordinal).Select(type => (LayerKind)Activator.CreateInstance(type)!),
    ];

    /// <summary>The kind of a module, or null for one that stays digital.</summary>
    public static LayerKind? Of(nn.Module module) => All.FirstOrDefault(kind => kind.Handles(module)) ?? OwnLinearKind.Known(module);

    /// <summary>What a module is called where it has no name in a model.</summary>
    public static string NameOf(nn.Module module) => module.GetType().Assembly == typeof(nn.Module).Assembly ? module.GetType().Name : module.GetName();

    /// <summary>Whether a module is of this kind.</summary>
    public abstract bool Handles(nn.Module module);

    /// <summary>The weight matrices of a module.</summary>
    public abstract IEnumerable<LayerMatrix> Matrices(nn.Module module);

    /// <summary>The arrays that hardware would build for a module: one a matrix, unless products meet on the same outputs.</summary>
    public virtual IEnumerable<LayerArray> Arrays(nn.Module module) => Matrices(module).Select((matrix, index) => new LayerArray(matrix.Suffix, [index]));

    /// <summary>How often a call reads each array.</summary>
    /// <param name="module">The module.</param>
    /// <param name="call">The call.</param>
    public abstract long Reads(nn.Module module, LayerCall call);

    /// <summary>Has calls of a module watched, until what is returned is disposed of.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each call before the module runs, and may refuse it by an exception.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch(nn.Module module, Action<LayerInput> entering, Action<LayerCall> seen) => module switch
    {
        nn.Module<Tensor, Tensor> plain => StandInHooks.Watch(plain, x => entering(new(x)), seen),
        nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)> lstm => StandInHooks.Watch(lstm, (x, state) => entering(new(x, state?.Item1, state?.Item2)), seen),
        nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor)> cell => StandInHooks.Watch(cell, (x, state) => entering(new(x, state?.Item1, state?.Item2)), seen),
        nn.Module<Tensor, Tensor?, (Tensor, Tensor)> recurrent => StandInHooks.Watch(recurrent, (x, state) => entering(new(x, state)), seen),
        nn.Module<Tensor, Tensor?, Tensor> cell => StandInHooks.Watch(cell, (x, state) => entering(new(x, state)), seen),
        _ => throw new NotSupportedException($"{NameOf(module)} cannot be watched: its calls take or give something else than tensors and states."),
    };

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
