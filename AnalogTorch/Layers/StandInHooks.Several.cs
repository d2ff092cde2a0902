using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AttentionCall = (TorchSharp.torch.Tensor Query, TorchSharp.torch.Tensor Key, TorchSharp.torch.Tensor Value, TorchSharp.torch.Tensor? Padding,
    bool WantsWeights, TorchSharp.torch.Tensor? Mask);

namespace AnalogTorch.Layers;

/// <content>Hooks of modules with several inputs: attention, and stacks of layers with masks.</content>
internal static partial class StandInHooks
{
    /// <summary>Hooks of an attention.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes query, key and value without positions.</param>
    /// <param name="run">What the tiles give.</param>
    public static IDisposable Install(MultiheadAttention module, Func<(Tensor Query, Tensor Key, Tensor Value)> standIn, Func<AttentionCall,
        Tuple<Tensor, Tensor>> run)
    {
        var exchange = new Exchange<AttentionCall, Tuple<Tensor, Tensor>>(
            module, GateOf(module), run, run.Target,
            (call, real, isSeen) =>
            {
                foreach (var (given, own) in new[] { (call.Query, real.Query), (call.Key, real.Key), (call.Value, real.Value) })
                    Return(given, own, isSeen);
            },
            result =>
            {
                result.Item1.Dispose();
                result.Item2.Dispose();
            });
        return exchange.Begin(
            new Func<nn.Module<Tensor, Tensor, Tensor, Tensor?, bool, Tensor?, Tuple<Tensor, Tensor>>, Tensor, Tensor, Tensor, Tensor?, bool, Tensor?,
                (Tensor, Tensor, Tensor, Tensor?, bool, Tensor?)?>(
                (_, query, key, value, padding, wantsWeights, mask) =>
                {
                    exchange.Park((query, key, value, padding, wantsWeights, mask));
                    var without = standIn();
                    return (without.Query, without.Key, without.Value, null, wantsWeights, null);
                }),
            new Func<nn.Module<Tensor, Tensor, Tensor, Tensor?, bool, Tensor?, Tuple<Tensor, Tensor>>, Tensor, Tensor, Tensor, Tensor?, bool, Tensor?,
                Tuple<Tensor, Tensor>, Tuple<Tensor, Tensor>>(
                (_, query, key, value, padding, wantsWeights, mask, output) => exchange.Run((query, key, value, padding, wantsWeights, mask),
                    output)));
    }

    /// <summary>Hooks of a stack of encoder layers.</summary>
    /// <inheritdoc cref="Install(MultiheadAttention, Func{ValueTuple{Tensor, Tensor, Tensor}}, Func{AttentionCall, Tuple{Tensor, Tensor}})"/>
    public static IDisposable Install(nn.Module<Tensor, Tensor?, Tensor?, Tensor> module, Func<Tensor> standIn, Func<(Tensor, Tensor?, Tensor?),
        Tensor> run)
    {
        var exchange = new Exchange<(Tensor X, Tensor? Mask, Tensor? Padding), Tensor>(
            module, GateOf(module), run, run.Target, (call, real, isSeen) => Return(call.X, real.X, isSeen), output => output.Dispose());
        return exchange.Begin(
            new Func<nn.Module<Tensor, Tensor?, Tensor?, Tensor>, Tensor, Tensor?, Tensor?, (Tensor, Tensor?, Tensor?)?>((_, x, mask, padding) =>
            {
                exchange.Park((x, mask, padding));
                return (standIn(), null, null);
            }),
            new Func<nn.Module<Tensor, Tensor?, Tensor?, Tensor>, Tensor, Tensor?, Tensor?, Tensor, Tensor>((_, x, mask, padding, output) =>
                exchange.Run((x, mask, padding), output)));
    }

    /// <summary>Hooks of a decoder layer, or of a stack of them.</summary>
    /// <inheritdoc cref="Install(MultiheadAttention, Func{ValueTuple{Tensor, Tensor, Tensor}}, Func{AttentionCall, Tuple{Tensor, Tensor}})"/>
    public static IDisposable Install(
        nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor> module, Func<Tensor> standIn,
        Func<(Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?), Tensor> run)
    {
        var exchange = new Exchange<(Tensor X, Tensor Memory, Tensor?, Tensor?, Tensor?, Tensor?), Tensor>(
            module, GateOf(module), run, run.Target,
            (call, real, isSeen) =>
            {
                Return(call.X, real.X, isSeen);
                Return(call.Memory, real.Memory, isSeen);
            },
            output => output.Dispose());
        return exchange.Begin(
            new Func<nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor>, Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?,
                (Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?)?>(
                (_, x, memory, mask, memoryMask, padding, memoryPadding) =>
                {
                    exchange.Park((x, memory, mask, memoryMask, padding, memoryPadding));
                    return (standIn(), standIn(), null, null, null, null);
                }),
            new Func<nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor>, Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?,
                Tensor, Tensor>(
                (_, x, memory, mask, memoryMask, padding, memoryPadding, output) => exchange.Run((x, memory, mask, memoryMask, padding,
                    memoryPadding), output)));
    }

    /// <summary>A hook that sees the real inputs of an attention, on tiles or not, and changes nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each call before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    /// <param name="left">Told when a call has ended.</param>
    public static IDisposable Watch(MultiheadAttention module, Action<LayerInput> entering, Action<LayerCall> seen, Action left)
    {
        var watch = new Entries(entering, seen);
        var before = Add(module, PreHooks, new Func<nn.Module<Tensor, Tensor, Tensor, Tensor?, bool, Tensor?, Tuple<Tensor, Tensor>>, Tensor, Tensor,
            Tensor, Tensor?, bool, Tensor?, (Tensor, Tensor, Tensor, Tensor?, bool, Tensor?)?>(
            (_, query, key, value, padding, wantsWeights, mask) =>
            {
                watch.Enter(3, query, key, value, padding, mask);
                return (query, key, value, padding, wantsWeights, mask);
            }), first: true);
        return Together<AttentionCall, Tuple<Tensor, Tensor>>(module, before, call => watch.Enter(3, call.Query, call.Key, call.Value, call.Padding,
            call.Mask), left);
    }

    /// <summary>The same of a stack of encoder layers.</summary>
    /// <inheritdoc cref="Watch(MultiheadAttention, Action{LayerInput}, Action{LayerCall}, Action)"/>
    public static IDisposable Watch(nn.Module<Tensor, Tensor?, Tensor?, Tensor> module, Action<LayerInput> entering, Action<LayerCall> seen,
        Action left)
    {
        var watch = new Entries(entering, seen);
        var before = Add(module, PreHooks, new Func<nn.Module<Tensor, Tensor?, Tensor?, Tensor>, Tensor, Tensor?, Tensor?, (Tensor, Tensor?,
            Tensor?)?>((_, x, mask, padding) =>
        {
            watch.Enter(1, x, mask, padding);
            return (x, mask, padding);
        }), first: true);
        return Together<(Tensor, Tensor?, Tensor?), Tensor>(module, before, call => watch.Enter(1, call.Item1, call.Item2, call.Item3), left);
    }

    /// <summary>The same of a decoder layer, or of a stack of them.</summary>
    /// <inheritdoc cref="Watch(MultiheadAttention, Action{LayerInput}, Action{LayerCall}, Action)"/>
    public static IDisposable Watch(
        nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor> module, Action<LayerInput> entering, Action<LayerCall> seen,
            Action left)
    {
        var watch = new Entries(entering, seen);
        var before = Add(module, PreHooks, new Func<nn.Module<Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor>, Tensor, Tensor, Tensor?,
            Tensor?, Tensor?, Tensor?, (Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?)?>(
            (_, x, memory, mask, memoryMask, padding, memoryPadding) =>
            {
                watch.Enter(2, x, memory, mask, memoryMask, padding, memoryPadding);
                return (x, memory, mask, memoryMask, padding, memoryPadding);
            }), first: true);
        return Together<(Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?), Tensor>(
            module, before, call => watch.Enter(2, call.Item1, call.Item2, call.Item3, call.Item4, call.Item5, call.Item6), left);
    }

    private static LayerGate GateOf(nn.Module module) =>
        AnalogLayer.Of(module)?.Gate ?? throw new InvalidOperationException($"{LayerKind.NameOf(module)} is on no tile yet: a kind leads calls in its Put alone, which the conversion runs.");

    private static Removal Together<TInput, TResult>(nn.Module module, Removal before, Action<TInput> entering, Action left)
    {
        var after = Add(module, ModulePostHooks, (nn.Module _) => left(), first: false);
        var led = LayerPort.For<TInput, TResult>(module).Add(entering, (_, result) =>
        {
            left();
            return result;
        });
        return new Removal(() =>
        {
            before.Dispose();
            after.Dispose();
            led.Dispose();
        });
    }

    /// <summary>Whoever is told of calls with several inputs.</summary>
    private sealed class Entries(Action<LayerInput> entering, Action<LayerCall> seen)
    {
        /// <summary>A call begins.</summary>
        /// <param name="inputs">How many arguments are multiplied; the others are masks.</param>
        /// <param name="arguments">All arguments.</param>
        public void Enter(int inputs, params Tensor?[] arguments)
        {
            var x = arguments[0]!;
            entering(new(x) { Arguments = arguments });
            var count = inputs;
            while (count > 1 && AttentionMath.IsSame(arguments[count - 1]!, arguments[count - 2]!))
                count--;
            seen(new(x.shape, arguments[..inputs].Any(argument => argument is { requires_grad: true }),
                [])
            { Others = [.. arguments[1..count].Select(other => other!.shape)] });
        }
    }
}
