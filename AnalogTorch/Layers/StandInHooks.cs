using System.Collections;
using System.Reflection;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Leads calls of a sealed torch module around its own <c>forward</c>.</summary>
/// <remarks>
/// One hook keeps the input and hands the module a stand-in without samples, whose digital product costs next to nothing; the other returns
/// what the tiles give. Hooks run when a module is called, not when its <c>forward</c> is. Hooks that were there before keep seeing the real
/// input and output: ours is the last before and the first after.
/// </remarks>
internal static class StandInHooks
{
    /// <summary>Hooks of a module from tensor to tensor.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples.</param>
    /// <param name="run">What the tiles give.</param>
    public static IDisposable Install(nn.Module<Tensor, Tensor> module, Func<Tensor> standIn, Func<Tensor, Tensor> run)
    {
        Tensor? parked = null;
        var before = module.register_forward_pre_hook((_, input) =>
        {
            parked = input;
            return standIn();
        });
        var after = module.register_forward_hook((_, input, output) =>
        {
            input.Dispose();
            output.Dispose();
            var real = parked!;
            parked = null;
            return run(real);
        });
        PutFirst(module);
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks of a module with a state.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples, and the state that goes with it.</param>
    /// <param name="run">What the tiles give.</param>
    /// <param name="release">Disposes of a stand-in's state and results.</param>
    public static IDisposable Install<TState, TResult>(
        nn.Module<Tensor, TState, TResult> module, Func<(Tensor Input, TState State)> standIn, Func<Tensor, TState, TResult> run, Action<TState, TResult> release)
    {
        (Tensor Input, TState State)? parked = null;
        var before = module.register_forward_pre_hook((_, input, state) =>
        {
            parked = (input, state);
            return standIn();
        });
        var after = module.register_forward_hook((_, input, state, output) =>
        {
            input.Dispose();
            release(state, output);
            var real = parked!.Value;
            parked = null;
            return run(real.Input, real.State);
        });
        PutFirst(module);
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks that see the real input of a module, on tiles or not, and change its output.</summary>
    /// <param name="module">The module.</param>
    /// <param name="change">Gives an output in place of the module's own, from input and output.</param>
    public static IDisposable Observe(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> change)
    {
        Tensor? seen = null;
        var before = module.register_forward_pre_hook((_, input) => seen = input);
        PutFirst(module, "pre_hooks"); // ahead of the one that hands in a stand-in
        var after = module.register_forward_hook((_, _, output) =>
        {
            var input = seen!;
            seen = null;
            return change(input, output);
        });
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks that see the real input and output of a module, on tiles or not, and change nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch(nn.Module<Tensor, Tensor> module, Action<LayerCall> seen)
    {
        var call = default(LayerCall);
        var before = module.register_forward_pre_hook((_, input) =>
        {
            call = new(input.shape, input.requires_grad, []);
            return input;
        });
        PutFirst(module, "pre_hooks"); // ahead of the one that hands in a stand-in
        var after = module.register_forward_hook((_, _, output) =>
        {
            seen(call with { Output = output.shape });
            return output;
        });
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>A hook that sees the real input of a module with a state, on tiles or not, and changes nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch<TState, TResult>(nn.Module<Tensor, TState, TResult> module, Action<LayerCall> seen)
    {
        var before = module.register_forward_pre_hook((_, input, state) =>
        {
            seen(new(input.shape, input.requires_grad, []));
            return (input, state);
        });
        PutFirst(module, "pre_hooks"); // ahead of the one that hands in a stand-in
        return new Removal(before.remove);
    }

    /// <summary>Moves the hook that was registered last to the front of those that run before or after <c>forward</c>.</summary>
    private static void PutFirst(nn.Module module, string list = "post_hooks")
    {
        FieldInfo? field = null;
        for (var type = module.GetType(); type is not null && field is null; type = type.BaseType)
            field = type.GetField(list, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        if (field?.GetValue(module) is not IDictionary hooks)
            throw new NotSupportedException($"{LayerKind.NameOf(module)} cannot be converted: this version of TorchSharp keeps hooks in another way; use version 0.107.0.");
        var entries = hooks.Keys.Cast<object>().Select(key => (Key: key, Value: hooks[key])).ToArray();
        hooks.Clear();
        foreach (var entry in entries.TakeLast(1).Concat(entries.SkipLast(1)))
            hooks.Add(entry.Key, entry.Value);
    }
}
