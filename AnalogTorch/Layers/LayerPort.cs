using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What a module does in place of torch's own product, or beside it: its tiles, and whoever looks at its calls.</summary>
/// <remarks>Torch's hooks lead <c>call</c> here, <see cref="LedCalls"/> lead <c>forward</c>. The table holds its keys weakly.</remarks>
internal abstract class LayerPort
{
    private static readonly ConditionalWeakTable<nn.Module, LayerPort> Ports = [];

    /// <summary>What runs the module on tiles, for calls of another signature; null while it is digital.</summary>
    public object? Runner { get; set; }

    /// <summary>The port of a module; null for a module that torch runs alone.</summary>
    public static LayerPort? Of(nn.Module module) => Ports.TryGetValue(module, out var port) ? port : null;

    /// <summary>The port of a module, which is made if there is none.</summary>
    public static LayerPort<TInput, TResult> For<TInput, TResult>(nn.Module module) =>
        (LayerPort<TInput, TResult>)Ports.GetValue(module, _ => new LayerPort<TInput, TResult>());
}

/// <summary>The port of a module of one signature.</summary>
/// <typeparam name="TInput">What a call gets; a tuple where it gets several things.</typeparam>
/// <typeparam name="TResult">What a call gives.</typeparam>
internal sealed class LayerPort<TInput, TResult> : LayerPort
{
    private (Action<TInput> Entering, Func<TInput, TResult, TResult> Change)[] watchers = [];

    /// <summary>What the tiles give; null while the module is digital.</summary>
    public Func<TInput, TResult>? Run { get; set; }

    /// <summary>Has inputs seen before the module runs, and something done to every result, until what is returned is disposed of.</summary>
    public IDisposable Add(Action<TInput> entering, Func<TInput, TResult, TResult> change)
    {
        watchers = [.. watchers, (entering, change)];
        return new Removal(() => watchers = [.. watchers.Where(other => other.Change != change)]);
    }

    /// <summary>What a call gives on tiles, with all that is done to its result.</summary>
    /// <param name="input">What the call gets.</param>
    /// <param name="digital">Torch's own code, for a module that is on no tiles.</param>
    /// <param name="own">What the tiles give, where it differs from <see cref="Run"/>; null for just that.</param>
    public TResult Call(TInput input, Func<TInput, TResult> digital, Func<TInput, TResult>? own = null)
    {
        var present = watchers;
        foreach (var (entering, _) in present)
            entering(input);
        var result = Run is { } run ? (own ?? run)(input) : digital(input);
        foreach (var (_, change) in present)
            result = change(input, result);
        return result;
    }
}
