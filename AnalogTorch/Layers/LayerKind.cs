using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>One weight matrix of a layer, with what is added to its product.</summary>
/// <param name="Suffix">What tells the matrices of one layer apart; empty where there is one.</param>
/// <param name="Weight">Weights; [outputs, …] unless the layout says otherwise.</param>
/// <param name="Bias">Bias [outputs]; null if there is none, or if the layer adds it itself.</param>
/// <param name="Groups">Groups of outputs that have inputs of their own.</param>
public sealed record LayerMatrix(string Suffix, Parameter Weight, Parameter? Bias, long Groups = 1)
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
public sealed record LayerArray(string Suffix, IReadOnlyList<int> Matrices, long CellUpdates = 0);

/// <summary>A call of a module that was watched.</summary>
/// <param name="Input">Shape of the input.</param>
/// <param name="WantsGradient">Whether the input wants a gradient.</param>
/// <param name="Output">Shape of the output; empty where it is more than a tensor.</param>
public readonly record struct LayerCall(long[] Input, bool WantsGradient, long[] Output)
{
    /// <summary>Shapes of further inputs, such as the keys and values of an attention; the last ones that are one with the input before them are left out.</summary>
    public IReadOnlyList<long[]> Others { get; init; } = [];

    /// <summary>Rows of the input, all its dimensions but the last together.</summary>
    public long InputRows => Elements(Input[..^1]);

    /// <summary>Elements of the output.</summary>
    public long OutputElements => Elements(Output);

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>What a watched module is about to be called with.</summary>
/// <param name="X">The input; alive while the module runs.</param>
/// <param name="Hidden">The hidden state that a recurrent module starts from, if it is given one.</param>
/// <param name="Cell">The cell state that it starts from, if it is given one.</param>
public readonly record struct LayerInput(Tensor X, Tensor? Hidden = null, Tensor? Cell = null)
{
    /// <summary>All that a module with several inputs is called with, the first one too, in the order of its arguments; null for what is left out.</summary>
    public IReadOnlyList<Tensor?> Arguments { get; init; } = [];
}

/// <summary>What digital circuits do in a call of a layer, beside its arrays.</summary>
/// <param name="MultiplyAccumulates">Multiply-accumulates of products that no array takes, such as the scores of an attention.</param>
/// <param name="Elements">Elements that are worked out otherwise, such as those of a softmax or a norm.</param>
/// <param name="Activations">Elements that go through an activation function.</param>
public readonly record struct LayerWork(long MultiplyAccumulates, long Elements, long Activations);

/// <summary>A kind of layer that can be put on tiles.</summary>
/// <remarks>
/// To add one, derive a sealed class with a public constructor without parameters, in any assembly; of kinds that know a module, this library's own
/// comes first. A kind serves a class of module, which stays in its place and is led around its <c>forward</c> by hooks.
/// </remarks>
public abstract class LayerKind
{
    private static volatile IReadOnlyList<LayerKind>? known;

    static LayerKind() => AppDomain.CurrentDomain.AssemblyLoad += (_, _) => known = null; // which may bring others

    /// <summary>All kinds that are known by their classes; a rule may say more of others.</summary>
    internal static IReadOnlyList<LayerKind> All => known ??=
    [
        .. Catalog.Variants(typeof(LayerKind)).Where(type => type.GetConstructor(Type.EmptyTypes) is not null)
            .OrderBy(type => type.Assembly != typeof(LayerKind).Assembly).Select(type => (LayerKind)Activator.CreateInstance(type)!),
    ];

    /// <summary>The kind of a module, or null for one that stays digital.</summary>
    internal static LayerKind? Of(nn.Module module) => All.FirstOrDefault(kind => !kind.OnlyByRule && kind.Handles(module)) ?? OwnLinearKind.Known(module);

    /// <summary>The kind of a module that a rule names, which may be one that stays digital otherwise.</summary>
    internal static LayerKind? ByRule(nn.Module module) => Of(module) ?? All.FirstOrDefault(kind => kind.Handles(module));

    /// <summary>What a module is called where it has no name in a model.</summary>
    internal static string NameOf(nn.Module module) => module.GetType().Assembly == typeof(nn.Module).Assembly ? module.GetType().Name : module.GetName();

    /// <summary>Whether modules stay digital unless a rule names them, or their type.</summary>
    public virtual bool OnlyByRule => false;

    /// <summary>Refuses what cannot be put on a tile, beside what the hardware refuses, before anything changes.</summary>
    /// <param name="name">The module's name.</param>
    /// <param name="module">A module of this kind that is digital.</param>
    /// <param name="hardware">The hardware.</param>
    /// <exception cref="ArgumentException">The module is refused.</exception>
    public virtual void Check(string name, nn.Module module, LayerHardware hardware)
    {
    }

    /// <summary>Whether a module is of this kind.</summary>
    /// <param name="module">The module.</param>
    public abstract bool Handles(nn.Module module);

    /// <summary>The weight matrices of a module.</summary>
    /// <param name="module">The module.</param>
    public abstract IEnumerable<LayerMatrix> Matrices(nn.Module module);

    /// <summary>The arrays that hardware would build for a module: one a matrix, unless products meet on the same outputs.</summary>
    /// <param name="module">The module.</param>
    public virtual IEnumerable<LayerArray> Arrays(nn.Module module) => Matrices(module).Select((matrix, index) => new LayerArray(matrix.Suffix, [index]));

    /// <summary>How often a call reads each array.</summary>
    /// <param name="module">The module.</param>
    /// <param name="call">The call.</param>
    public abstract long Reads(nn.Module module, LayerCall call);

    /// <summary>How often a call reads the array of one matrix, where a call reads some more often than others.</summary>
    /// <param name="module">The module.</param>
    /// <param name="call">The call.</param>
    /// <param name="matrix">The place of the matrix among <see cref="Matrices"/>.</param>
    public virtual long Reads(nn.Module module, LayerCall call, int matrix) => Reads(module, call);

    /// <summary>How often a backward pass of a call reads the array of one matrix from its output side.</summary>
    /// <param name="module">The module.</param>
    /// <param name="call">The call.</param>
    /// <param name="matrix">The place of the matrix among <see cref="Matrices"/>.</param>
    public virtual long TransposedReads(nn.Module module, LayerCall call, int matrix) => call.WantsGradient ? Reads(module, call, matrix) : 0;

    /// <summary>What digital circuits do in a call, beside what is worked on behind each read (<see cref="LayerArray.CellUpdates"/>).</summary>
    /// <param name="module">The module.</param>
    /// <param name="call">The call.</param>
    public virtual LayerWork Work(nn.Module module, LayerCall call) => default;

    /// <summary>What a call of a digital module would drive its arrays with; nothing where costs are to go by nominal activity.</summary>
    /// <param name="module">The module.</param>
    /// <param name="input">What it is called with.</param>
    /// <returns>Rows [..., inputs] of each matrix.</returns>
    public virtual IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input) => [];

    /// <summary>Makes a module run on tiles, until what is returned is disposed of.</summary>
    /// <param name="module">The module.</param>
    /// <param name="tiles">One tile a matrix, in the order of <see cref="Matrices"/>.</param>
    public abstract IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles);

    /// <summary>x·Wᵀ + b of a matrix as its tile gives it, with the gradients and pulse updates that go with it.</summary>
    /// <param name="tile">The tile of the matrix.</param>
    /// <param name="x">Inputs [..., inputs].</param>
    /// <param name="weight">The weights as they are now.</param>
    /// <param name="bias">The bias as it is now, or null.</param>
    /// <param name="training">Whether the module is in training mode.</param>
    /// <returns>Outputs [..., outputs].</returns>
    protected internal static Tensor Multiply(Tile tile, Tensor x, Parameter weight, Parameter? bias, bool training)
    {
        using var passage = tile.Gate.Enter();
        AnalogLayer.Bind(tile, weight, bias);
        return LinearFunction.Apply(tile, x, weight, bias, training);
    }

    /// <summary>Leads calls of a module around its own <c>forward</c>, until what is returned is disposed of.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples, which the module's own code is run on.</param>
    /// <param name="run">What a call gives in place of that.</param>
    protected static IDisposable Lead(nn.Module<Tensor, Tensor> module, Func<Tensor> standIn, Func<Tensor, Tensor> run) =>
        StandInHooks.Install(module, GateOf(module), standIn, run);

    /// <summary>The same for a module with two inputs.</summary>
    /// <inheritdoc cref="Lead(nn.Module{Tensor, Tensor}, Func{Tensor}, Func{Tensor, Tensor})"/>
    protected static IDisposable Lead(
        nn.Module<Tensor, Tensor, Tensor> module, Func<(Tensor First, Tensor Second)> standIn, Func<Tensor, Tensor, Tensor> run) =>
        StandInHooks.Install(module, GateOf(module), standIn, run, result => result.Dispose(), second => second.Dispose());

    private static LayerGate GateOf(nn.Module module) =>
        AnalogLayer.Of(module)?.Gate ?? throw new InvalidOperationException($"{NameOf(module)} is on no tile yet: a kind leads calls in its Put alone, which the conversion runs.");

    /// <summary>Has calls of a module watched, until what is returned is disposed of.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each call before the module runs, and may refuse it by an exception.</param>
    /// <param name="seen">Told of each call.</param>
    /// <param name="left">Told when a call has ended.</param>
    internal static IDisposable Watch(nn.Module module, Action<LayerInput> entering, Action<LayerCall> seen, Action left) => module switch
    {
        nn.Module<Tensor, Tensor> plain => StandInHooks.Watch(plain, x => entering(new(x)), seen, left),
        nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)> lstm => StandInHooks.Watch(lstm, (x, state) => entering(new(x, state?.Item1, state?.Item2)), seen, left),
        nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor)> cell => StandInHooks.Watch(cell, (x, state) => entering(new(x, state?.Item1, state?.Item2)), seen, left),
        nn.Module<Tensor, Tensor?, (Tensor, Tensor)> recurrent => StandInHooks.Watch(recurrent, (x, state) => entering(new(x, state)), seen, left),
        nn.Module<Tensor, Tensor?, Tensor> cell => StandInHooks.Watch(cell, (x, state) => entering(new(x, state)), seen, left),
        MultiheadAttention attention => StandInHooks.Watch(attention, entering, seen, left),
        nn.Module<Tensor, Tensor?, Tensor?, Tensor> encoder => StandInHooks.Watch(encoder, entering, seen, left),
        nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor> decoder => StandInHooks.Watch(decoder, entering, seen, left),
        _ => throw new NotSupportedException($"{NameOf(module)} cannot be watched: its calls take or give something else than tensors and states."),
    };
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
